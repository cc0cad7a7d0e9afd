// The nftables backend: tables "switchyard" in families ip and ip6.
//
// How a process with no memory recognises its own objects: see table.h. Which Service an id belongs
// to is found through its frontends (adopted.h).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/bisect.h"
#include "backends/ledger.h"
#include "backends/nftables/adopted.h"
#include "backends/nftables/backend/lingering.h"
#include "backends/nftables/backend/tables.h"
#include "backends/nftables/kernel.h"
#include "backends/nftables/numbers.h"
#include "backends/nftables/sizes.h"
#include "backends/orphaned_udp.h"

namespace sy::nft {

class NftBackend : public Backend {
  public:
    using Now = std::function<Lingering::TimePoint()>;

    NftBackend(std::unique_ptr<Kernel> kernel, Log& log, Now now = std::chrono::steady_clock::now);

    Result<void> probe() override;
    Result<KernelReport> adopt() override;
    ApplyReport apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) override;
    Result<KernelReport> audit() override;
    Result<std::unique_ptr<DriftWatch>> watch() override;
    Result<void> teardown() override;
    std::vector<EndpointAddr> orphaned_udp_frontends() const override;
    std::vector<MapFill> fill() const override;
    std::optional<std::chrono::milliseconds> tend_in() const override;
    Result<void> tend() override;

  private:
    using Book = Ledger<Element>;
    using Change = Book::Change;

    // apply.cpp: plans to changes to transactions
    void attempt(const PlanDelta& delta, const NodeFacts& facts, bool complete,
                 ApplyReport& report);
    void take_facts(const NodeFacts& facts, std::vector<Change>& changes);
    void compile_plan(const ServicePlan& plan, std::vector<Change>& changes, ApplyReport& report);
    void release_unused_classes(const std::vector<Change>& changes);
    std::expected<void, GroupRefused> commit_group(std::vector<Change>& changes,
                                                   ApplyReport& report);
    ElementChanges element_changes(const Book::Stage& stage,
                                   const std::vector<Change>& changes) const;
    void note_committed(const Book::Stage& stage, const Transaction& transaction,
                        const std::vector<Change>& changes);

    // adopt.cpp: start, audit
    void adopt_table(const DumpedTable& dumped, std::vector<Element>& owned);
    void finish_first_pass(ApplyReport& report);
    std::vector<Element> content(Family family) const;

    Log& log_;
    Now now_;
    Book ledger_;
    /// In the kernel and not in the ledger.
    Lingering lingering_;
    NumberPool numbers_;
    Tables tables_;  // refers to numbers_
    std::optional<NodeFacts> facts_;
    std::size_t known_services_ = 0;
    Adopted adopted_;
    bool first_pass_done_ = false;
    /// A table of another layout is in the kernel and stays until all can be swapped at once.
    bool other_layout_ = false;
    /// Changes held back for that swap.
    std::map<ServiceName, Fragment> deferred_;
    /// The last refusal says that the kernel is not what we know.
    bool drift_seen_ = false;
    OrphanedUdp orphaned_udp_;
};

/// The backend on the real kernel, in the network namespace of the calling thread.
Result<std::unique_ptr<Backend>> make_backend(Log& log);

/// The complete ruleset for these plans in nft's words: what an empty kernel would be given.
std::string render(const PlanDelta& plans, const NodeFacts& facts);

}  // namespace sy::nft
