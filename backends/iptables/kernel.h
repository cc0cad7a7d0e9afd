// The kernel seam of the iptables backend: chains through the restore and save programs, ipsets
// through netlink.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backends/backend.h"
#include "backends/iptables/set.h"
#include "backends/settings.h"
#include "base/log.h"
#include "base/result.h"

namespace sy::iptables {

enum class Table : uint8_t { nat, filter };

/// A chain of ours. A rule is what follows "-A CHAIN " in the words of iptables-save, which is how
/// it comes back from dump(): one spelling for writing, reading and comparing.
struct Chain {
    std::string name;
    std::vector<std::string> rules;

    friend bool operator==(const Chain&, const Chain&) = default;
};

/// A rule in a built-in chain that leads to a chain of ours.
struct Jump {
    Table table = Table::nat;
    /// "PREROUTING", …
    std::string chain;
    std::string rule;
    /// Before all other rules; otherwise after them.
    bool first = false;

    friend bool operator==(const Jump&, const Jump&) = default;
};

/// A change of a set. `owner` comes back in CommitError.
struct MemberOp {
    Member member;
    bool remove = false;
    uint32_t owner = 0;
};
struct CreateSet {
    SetDef def;
};
struct DestroySet {
    SetRef set;
};
using SetOp = std::variant<CreateSet, MemberOp, DestroySet>;

/// Chains of one table of one family: all of it or nothing.
struct Restore {
    Family family = Family::ipv4;
    Table table = Table::nat;
    /// Jumps to take away, before anything else. One that is not there is no error.
    std::vector<Jump> unhook;
    /// Written anew, whatever they held; in an order in which every target of a jump comes first.
    std::vector<Chain> write;
    /// Removed, after everything else; nothing may refer to them any more.
    std::vector<std::string> remove;
    /// Jumps to put in place, once each wherever they were; when the chains are written.
    std::vector<Jump> hook;

    bool empty() const { return unhook.empty() && write.empty() && remove.empty() && hook.empty(); }
};

/// One step from a consistent state to the next, in the order of the members. Not atomic as a
/// whole; each Restore is. The nft variant splits large ones (see the layout), which is harmless as
/// long as nothing leads to chains that are not written yet.
struct Transaction {
    /// Presence taken away; sets created; members that rules will ask for.
    std::vector<SetOp> before;
    std::vector<Restore> restores;
    /// Presence of what can now be translated; members and sets that nothing asks for any more.
    std::vector<SetOp> after;

    bool empty() const { return before.empty() && restores.empty() && after.empty(); }
};

/// Why a transaction stopped. What came before the failing step stays.
struct CommitError {
    enum class Reason {
        /// A set refused particular members; `suspects` holds their owners.
        member,
        /// A set is full (IPSET_ERR_HASH_FULL); `suspects` holds owners of members that did not
        /// fit.
        full,
        /// A restore refused a chain; `suspects` cannot be known.
        chain,
        /// Somebody else held the lock of xtables for too long.
        locked,
        /// What we took for granted is not there, or is there already.
        drift,
        /// Anything else (permission, memory, no such program).
        other,
    };
    Reason reason = Reason::other;
    Error error;
    std::vector<uint32_t> suspects;
};

/// Everything of ours in one family.
struct Dumped {
    Family family = Family::ipv4;
    std::vector<SetDef> sets;
    /// Members of all sets but affinity sets.
    std::vector<Member> members;
    /// By table; chains whose name begins with "SY-".
    std::vector<Chain> nat;
    std::vector<Chain> filter;
    /// Rules of built-in chains that lead to a chain of ours; `first` if nothing stands before but
    /// other jumps of ours.
    std::vector<Jump> jumps;
};

/// What this host's kernel and programs can do.
struct Features {
    IptablesVariant variant = IptablesVariant::legacy;
    /// The match `bpf`; without it hairpin is a set.
    bool xt_bpf = true;
    /// Families whose programs and tables work.
    bool ipv6 = true;
};

class Kernel {
  public:
    virtual ~Kernel() = default;
    virtual const Features& features() const = 0;
    /// Creates and removes what the layout needs under other names; the error names the feature
    /// that is missing and the mend.
    virtual Result<void> probe() = 0;
    /// Both families, in order. Fails if a set of our name has another type: it is not ours.
    virtual Result<std::vector<Dumped>> dump() = 0;
    virtual std::expected<void, CommitError> commit(const Transaction& transaction) = 0;
    /// Removes all chains, jumps and sets of ours in both variants; fine if there are none.
    virtual Result<void> remove_all() = 0;
    /// The setting net.ipv4.conf.all.route_localnet, which NodePorts on 127.0.0.1 take.
    virtual Result<void> allow_localhost_routing() = 0;
    /// Notices that somebody changed or flushed the tables.
    virtual Result<std::unique_ptr<DriftWatch>> watch() = 0;
};

/// Loads what the legacy programs load before the kernel can take over, if they are the ones to be
/// used: they do it by modprobe, for which a running daemon has no right. The kernel may have it
/// all built in, so a failure says nothing; open_kernel does.
void load_modules(const IptablesSettings& settings);

/// Removes all of ours in the network namespace of the calling thread, in both variants, and loads
/// nothing for it. Needs neither programs nor ipset where there is nothing to remove.
Result<void> remove_all(Log& log);

/// The real one, in the network namespace of the calling thread. Chooses the variant. `log` must
/// outlive it.
Result<std::unique_ptr<Kernel>> open_kernel(const IptablesSettings& settings, Log& log);

}  // namespace sy::iptables
