// The kernel seam of tables: dump what is there, commit a transaction.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "backends/nftables/table.h"
#include "base/result.h"

namespace sy::nft {

/// A change of an element and who asked for it: `owner` comes back in CommitError.
struct ElementOp {
    Element element;
    uint32_t owner = 0;
};

/// One atomic change of both tables. Carried out in the order of the members.
struct Transaction {
    /// Tables to write from nothing; one that exists is deleted in the same transaction.
    std::vector<TableConfig> create;
    /// Tables whose rules are all written anew. Sets in `resized` are replaced by empty ones of
    /// the configured sizes; other sets, and the classes that exist, stay.
    struct Rewrite {
        TableConfig config;
        std::vector<SetId> resized;
    };
    std::vector<Rewrite> rewrite;
    /// Sets to empty.
    struct Flush {
        Family family = Family::ipv4;
        SetId set = SetId::pod_cidrs;
    };
    std::vector<Flush> flush;
    struct ClassOp {
        Family family = Family::ipv4;
        ClassDef def;
    };
    /// Classes to remove / to add: chain, rules and the element of `classes`; for the first sticky
    /// class of a timeout the chain known_T as well, and with the last one it goes.
    std::vector<ClassOp> remove_classes;
    std::vector<ClassOp> add_classes;
    /// Removals come first: a replaced element is a remove and an add of one key.
    std::vector<ElementOp> remove;
    std::vector<ElementOp> add;

    /// Objects written.
    std::size_t writes() const {
        return add.size() + remove.size() + create.size() + rewrite.size() + flush.size() +
               add_classes.size();
    }
    bool empty() const {
        return create.empty() && rewrite.empty() && flush.empty() && remove_classes.empty() &&
               add_classes.empty() && remove.empty() && add.empty();
    }
};

/// Why nothing of a transaction took effect.
struct CommitError {
    enum class Reason {
        /// The kernel refused particular elements; `suspects` holds their owners (a superset).
        element,
        /// A set is full: it has to be rewritten larger (ENFILE, ENOSPC).
        full,
        /// What we took for granted is not there, or is there already (ENOENT, EEXIST on a table,
        /// chain or set): the kernel differs from what we know.
        drift,
        /// Anything else (permission, memory, socket).
        other,
    };
    Reason reason = Reason::other;
    Error error;
    std::vector<uint32_t> suspects;
};

/// A table of ours as found in the kernel.
struct DumpedTable {
    Family family = Family::ipv4;
    /// Same layout fingerprint as ours: sets, types and base chains are what this program writes.
    bool same_layout = false;
    /// The config whose rules are in the kernel, as far as it can be read back (sizes, classes).
    SetSizes sizes{};
    std::vector<ClassDef> classes;
    /// Fingerprints of all rules, combined; equal to rules_fingerprint(config) if nobody edited
    /// chains or rules.
    uint64_t rules = 0;
    /// All elements but those of `affinity` and `classes`.
    std::vector<Element> elements;
};

/// The combined fingerprint of all chains and rules that `config` describes.
uint64_t rules_fingerprint(const TableConfig& config);

/// Dump and commit. Implemented by netlink, and by a fake kernel in tests that is checked against
/// the real one.
class Kernel {
  public:
    virtual ~Kernel() = default;
    /// Our tables that exist. Retries while somebody changes the ruleset underneath (EINTR).
    virtual Result<std::vector<DumpedTable>> dump() = 0;
    /// All of it or nothing.
    virtual std::expected<void, CommitError> commit(const Transaction& transaction) = 0;
    /// Deletes our tables, whatever they hold; fine if there are none. Two transactions: rules
    /// first.
    virtual Result<void> remove_tables() = 0;
    /// Creates and deletes what the layout needs in tables of another name, one feature at a
    /// time; the error names the feature that is missing.
    virtual Result<void> probe() = 0;
    /// Netlink port id of the committing socket: notifications that carry it are echoes of us.
    virtual uint32_t port_id() const = 0;
};

/// The real kernel, in the network namespace of the calling thread. Serves the tables of `layout`.
Result<std::unique_ptr<Kernel>> open_kernel(const Layout& layout);

/// While anybody listens, the kernel builds a notification for each element of a transaction and
/// keeps all of them until it is committed: a batch of 860,000 elements took 5 s and more instead
/// of one to two. So the watch can stop listening during large transactions.
class TableWatch : public DriftWatch {
  public:
    /// Stops listening before own transactions. From any thread; not nested.
    virtual Result<void> pause() = 0;
    /// Listens again. `own_commits` is the number of own transactions that were committed since
    /// pause(); if the ruleset's generation says that there were others, that shows as drift (it
    /// may have been other tables). From any thread.
    virtual Result<void> resume(uint32_t own_commits) = 0;
};
/// Elements of a transaction from which on it is worth pausing a watch.
inline constexpr std::size_t kLargeTransaction = 10'000;

/// Watches notifications about the layout's tables in the network namespace of the calling thread,
/// ignoring those that `own_port_id` caused.
Result<std::unique_ptr<TableWatch>> watch_tables(const Layout& layout, uint32_t own_port_id);

}  // namespace sy::nft
