// The IPVS backend: virtual servers found by firewall mark, and the companion tables
// "switchyard-ipvs" in families ip and ip6 that set the marks.
//
// How a process with no memory recognises its own objects: tables as in backends/nftables/table.h,
// virtual servers by the tag in their mark, routes by their protocol number. Servers at an address
// and servers of other marks are somebody else's and are never touched, so nothing has to be
// excluded by address. Which Service an id belongs to is found through its frontends (adopted.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/bisect.h"
#include "backends/ipvs/adopted.h"
#include "backends/ipvs/backend/split.h"
#include "backends/ipvs/drains.h"
#include "backends/ipvs/kernel.h"
#include "backends/ipvs/local_routes.h"
#include "backends/ipvs/object.h"
#include "backends/ledger.h"
#include "backends/nftables/backend/tables.h"
#include "backends/orphaned_udp.h"
#include "backends/settings.h"

namespace sy::ipvs {

class IpvsBackend : public Backend {
  public:
    using Now = std::function<TimePoint()>;

    /// `log` must outlive the backend.
    IpvsBackend(std::unique_ptr<Kernel> kernel, std::unique_ptr<nft::Kernel> tables,
                IpvsSettings settings, Log& log, Now now = Clock::now);

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
    using Work = Book::Change;

    // apply.cpp: plans to changes to commits
    void attempt(const PlanDelta& delta, const NodeFacts& facts, bool complete,
                 ApplyReport& report);
    Result<void> take_facts(const NodeFacts& facts, std::vector<Work>& work);
    void compile_plan(const ServicePlan& plan, std::vector<Work>& work, ApplyReport& report);
    void release_unused_classes(const std::vector<Work>& work);
    void claim(const ServicePlan& plan);
    void commit_all(std::vector<Work> work, ApplyReport& report);
    void finish_first_pass(ApplyReport& report);

    // commit.cpp: one group, in the order of the layout
    std::expected<void, GroupRefused> commit_group(std::vector<Work>& work, ApplyReport& report);
    std::expected<void, GroupRefused> add_servers(const Split& split, ApplyReport& report);
    void take_back_servers(const Split& split);
    std::expected<void, GroupRefused> add_routes(const Split& split, ApplyReport& report);
    std::expected<void, GroupRefused> write_hairpins(const std::vector<nft::ElementOp>& remove,
                                                     const std::vector<nft::ElementOp>& add,
                                                     ApplyReport& report);
    std::expected<void, GroupRefused> write_table(Split& split, const std::vector<Work>& work,
                                                  ApplyReport& report);
    void remove_servers(const Split& split, ApplyReport& report);
    void remove_routes(const Split& split, ApplyReport& report);
    void release(Family family, uint32_t id);
    void let_linger(Split& split) const;
    void note_lingering(const Split& split);
    Result<void> end_lingering();
    GroupRefused refused(const CommitError& error);

    // adopt.cpp: start, audit, teardown
    void adopt_table(const nft::DumpedTable& dumped, std::vector<nft::Element>& owned);
    void take_drains(const Dumped& dumped);
    std::vector<Object> wanted() const;
    std::vector<nft::Element> content(Family family) const;
    Result<void> look_around(const NodeFacts& facts);
    void remove_other_routes();
    Result<void> mend_servers(const Dumped& dumped, bool additions, KernelReport& report);
    Result<void> mend_routes(const std::vector<LocalRoute>& found, KernelReport& report);
    Result<void> mend_tables(KernelReport& report);

    std::unique_ptr<Kernel> kernel_;
    IpvsSettings settings_;
    Log& log_;
    Now now_;
    Book ledger_;
    nft::NumberPool numbers_;
    nft::Tables tables_;  // refers to numbers_
    Drains drains_;
    TimePoint tended_at_{};
    /// Ids whose Services are gone while their servers still drain.
    std::set<std::pair<Family, uint32_t>> retired_ids_;
    /// Routes in the kernel.
    std::set<LocalRoute> routes_;
    Locality around_;
    /// Elements of VIPs with a route of their own that no Service asks for any more, and since
    /// when: connections that drain still come in by them, and no others may reach the host.
    std::map<nft::Element, TimePoint> lingering_;
    /// Adopted servers with another scheduler than the one that was chosen.
    std::vector<ServerKey> rescheduled_;
    std::optional<NodeFacts> facts_;
    std::size_t known_services_ = 0;
    Adopted adopted_;
    bool prepared_ = false;
    bool first_pass_done_ = false;
    /// A table of another layout is in the kernel and stays until all can be swapped at once.
    bool other_layout_ = false;
    /// Changes held back for that swap.
    std::map<ServiceName, Fragment> deferred_;
    /// The last refusal says that the kernel is not what we know.
    bool drift_seen_ = false;
    OrphanedUdp orphaned_udp_;
};

/// The backend on the real kernel, in the network namespace of the calling thread. `log` must
/// outlive it.
Result<std::unique_ptr<Backend>> make_backend(const IpvsSettings& settings, Log& log);

/// Removes everything of ours from the kernel, in the network namespace of the calling thread.
Result<void> remove(const IpvsSettings& settings, Log& log);

/// What is left to do when another mode has taken over, in the network namespace of the calling
/// thread. `log` must outlive it.
Result<std::unique_ptr<sy::Retirement>> retire(const IpvsSettings& settings, Log& log);

/// What render prints: the companion tables in nft's words, then the servers in those of
/// `ipvsadm -S`, for an empty kernel.
std::string render(const PlanDelta& plans, const NodeFacts& facts, const IpvsSettings& settings);

}  // namespace sy::ipvs
