// A small honest kernel behind the seam of the iptables backend: the same refusals as the real one,
// and it can be told to fail.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/iptables/kernel.h"

namespace sy::iptables {

/// Tables and sets of a FakeKernel, shared by all kernels a test opens on them (restart of the
/// daemon).
struct FakeHost {
    struct Rules {
        /// Chains of ours.
        std::map<std::string, std::vector<std::string>> chains;
        /// Rules of built-in chains, ours and those of others.
        std::map<std::string, std::vector<std::string>> built_in;
    };
    std::map<std::pair<Family, Table>, Rules> tables;
    std::map<SetRef, SetDef> sets;
    std::set<Member> members;

    Features features;
    bool localhost_routing = false;
    bool localhost_routing_fails = false;

    std::vector<Transaction> committed;
    /// Members added that were there, or removed that were not: the real kernel does not mind.
    std::size_t redundant = 0;
    /// Seen after every step that changed anything.
    std::function<void()> after_step;
    /// Refuses a member, or a chain to be written.
    std::function<bool(const Member&)> poison;
    std::function<bool(const Chain&)> poison_chain;
    /// The next commit fails with this, before anything is done.
    std::optional<CommitError> fail_next;
    /// The next restore fails with this; what came before it is done.
    std::optional<CommitError> fail_restore;

    const std::vector<std::string>& rules(Family family, Table table,
                                          const std::string& chain) const {
        return tables.at({family, table}).chains.at(chain);
    }
    /// Rules of all chains of ours in the table nat.
    std::size_t nat_rules(Family family) const;
};

class FakeKernel : public Kernel {
  public:
    /// `host` outlives the kernel.
    explicit FakeKernel(FakeHost& host) : host_(host) {}

    const Features& features() const override { return host_.features; }
    Result<void> probe() override { return {}; }
    Result<std::vector<Dumped>> dump() override;
    std::expected<void, CommitError> commit(const Transaction& transaction) override;
    Result<void> remove_all() override;
    Result<void> allow_localhost_routing() override;
    Result<std::unique_ptr<DriftWatch>> watch() override;

  private:
    std::optional<CommitError> apply(const std::vector<SetOp>& ops);
    std::optional<CommitError> apply(const SetOp& op);
    std::optional<CommitError> apply(const Restore& restore);
    bool is_asked(const std::string& set) const;

    FakeHost& host_;
};

/// The chains of ours a rule leads to, and the sets it asks or fills.
std::vector<std::string> targets_of(const std::string& rule);
std::vector<std::string> sets_of(const std::string& rule);

}  // namespace sy::iptables
