// The iptables backend: chains "SY-*" in the tables nat and filter, and the ipsets they ask.
//
// How a process with no memory recognises its own objects: by these names. Chains are compared as
// text with what is wanted; which Service a member or a line belongs to is found through its
// frontend, which Service a list through its name (adopted.h).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/backend.h"
#include "backends/bisect.h"
#include "backends/iptables/adopted.h"
#include "backends/iptables/compile.h"
#include "backends/iptables/constant.h"
#include "backends/iptables/kernel.h"
#include "backends/iptables/tree.h"
#include "backends/ledger.h"
#include "backends/orphaned_udp.h"
#include "backends/settings.h"

namespace sy::iptables {

class IptablesBackend : public Backend {
  public:
    /// `log` outlives the backend.
    IptablesBackend(std::unique_ptr<Kernel> kernel, const IptablesSettings& settings, Log& log);

    Result<void> probe() override;
    Result<KernelReport> adopt() override;
    ApplyReport apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) override;
    Result<KernelReport> audit() override;
    Result<std::unique_ptr<DriftWatch>> watch() override;
    Result<void> teardown() override;
    std::vector<EndpointAddr> orphaned_udp_frontends() const override;
    std::vector<MapFill> fill() const override;

  private:
    using Book = Ledger<Object>;
    using Change = Book::Change;
    /// Names of chains with the fingerprints of their rules.
    using Prints = std::unordered_map<std::string, uint64_t>;

    /// What we know of one family.
    struct Side {
        explicit Side(Family family);

        Family family;
        /// As found or written.
        Prints nat;
        Prints filter;
        std::vector<Jump> jumps;
        std::set<SetRef> sets;
        std::array<uint64_t, kRoleCount> members{};
        /// As wanted. The constant part is not known before the first facts.
        std::array<Tree, kTrees.size()> trees;
        std::optional<ConstantConfig> config;
        Constant constant;
        /// The constant part has to be compared with what is in the kernel.
        bool constant_due = true;

        Tree& tree(TreeId id) { return trees[static_cast<std::size_t>(id)]; }
    };

    // apply.cpp: plans to changes to transactions
    void attempt(const PlanDelta& delta, const NodeFacts& facts, bool complete,
                 ApplyReport& report);
    Result<void> take_facts(const NodeFacts& facts, std::vector<Change>& changes);
    bool localhost_nodeports();
    Change compile_plan(const ServicePlan& plan);
    std::expected<void, GroupRefused> commit_group(std::vector<Change>& changes,
                                                   ApplyReport& report);
    std::expected<void, CommitError> commit(const Transaction& transaction, ApplyReport& report);
    void note_committed(const Transaction& transaction);

    // transaction.cpp: what has to be sent for a stage
    struct Line {
        LineKey key;
        std::optional<Target> target;
    };
    /// Changes in no order; chains by family. Lines are in the trees already.
    struct Work {
        std::vector<SetDef> create;
        std::vector<MemberOp> add;
        std::vector<MemberOp> remove;
        std::vector<SetRef> destroy;
        std::array<std::vector<Chain>, 2> lists;
        std::array<std::vector<std::string>, 2> gone;
    };
    /// Returns what stood there before.
    std::vector<Line> set_lines(const Book::Stage& stage);
    void undo_lines(std::vector<Line> before);
    static Work work_of(const Book::Stage& stage);
    Transaction transaction_for(Work work);
    static void constant_sets(const Side& own, Work& work);
    static Restore nat_restore(Side& own, std::vector<Chain> lists, std::vector<std::string> gone);
    static Restore filter_restore(const Side& own);

    // adopt.cpp: start, audit
    void reset();
    void adopt_side(const Dumped& dumped, std::vector<Object>& node);
    void adopt_chains(Side& side, const Dumped& dumped);
    void finish_first_pass(ApplyReport& report);
    static void take_stock(Side& own, const Dumped& dumped);
    void add_differences(const Side& own, const Dumped& dumped, Work& work) const;
    std::vector<Object> content(Family family) const;
    static void take_prints(Side& own, const Dumped& dumped);

    CompileOptions compile_options() const;
    Side& side(Family family) { return sides_[family == Family::ipv4 ? 0 : 1]; }
    bool works(Family family) const;

    std::unique_ptr<Kernel> kernel_;
    IptablesSettings settings_;
    Log& log_;
    Book ledger_;
    std::array<Side, 2> sides_;
    std::optional<NodeFacts> facts_;
    Adopted adopted_;
    bool first_pass_done_ = false;
    /// A commit failed, and how far it got is not known.
    bool uncertain_ = false;
    /// The last refusal says that the kernel is not what we know.
    bool drift_seen_ = false;
    /// Nothing: not tried yet.
    std::optional<bool> localhost_routing_;
    OrphanedUdp orphaned_udp_;
};

/// The backend on the real kernel, in the network namespace of the calling thread. `log` must
/// outlive it.
Result<std::unique_ptr<Backend>> make_backend(const IptablesSettings& settings, Log& log);

/// Removes everything of this backend, whichever variant it was written with.
Result<void> remove(const IptablesSettings& settings, Log& log);

/// What an empty kernel would be given for these plans, under default settings: input of ipset and
/// of the restore programs.
std::string render(const PlanDelta& plans, const NodeFacts& facts,
                   const IptablesSettings& settings);

}  // namespace sy::iptables
