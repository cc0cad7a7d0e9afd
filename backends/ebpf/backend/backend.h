// The eBPF backend: sockets are translated when they connect, by programs that read the maps kept
// here. Whatever a socket hook cannot see or cannot answer completely right is not in the maps: a
// complete packet path, the companion, answers it (docs/ebpf.md).
//
// How a process with no memory recognises its own objects: maps and links are pinned in our folder
// (kernel.h), and each service id has a record of the Service port it stands for (adopted.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "backends/backend.h"
#include "backends/ebpf/adopted.h"
#include "backends/ebpf/kernel.h"
#include "backends/ebpf/known_frontends.h"
#include "backends/ebpf/pools.h"
#include "backends/ebpf/writes.h"
#include "backends/settings.h"

namespace sy::ebpf {

/// What the backend is put together from.
struct Parts {
    /// The packet path; is told everything first.
    std::unique_ptr<Backend> companion;
    std::unique_ptr<Kernel> kernel;
    std::function<std::unique_ptr<SocketPruner>()> make_pruner;
    std::function<std::unique_ptr<TrafficReader>()> make_reader;
};

class EbpfBackend : public Backend {
  public:
    EbpfBackend(Parts parts, const EbpfSettings& settings, Log& log);

    Result<void> probe() override;
    Result<KernelReport> adopt() override;
    ApplyReport apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) override;
    Result<KernelReport> audit() override;
    Result<std::unique_ptr<DriftWatch>> watch() override;
    Result<void> teardown() override;
    std::vector<EndpointAddr> orphaned_udp_frontends() const override;
    std::unique_ptr<SocketPruner> socket_pruner() override;
    std::unique_ptr<TrafficReader> traffic_reader() override;
    std::vector<MapFill> fill() const override;
    std::optional<std::chrono::milliseconds> tend_in() const override;
    Result<void> tend() override;

  private:
    using Change = Book::Change;
    using Names = std::unordered_set<ServiceName>;

    // apply.cpp: plans to changes
    Result<void> follow(const PlanDelta& delta, const NodeFacts& facts, bool complete,
                        ApplyReport& report);
    Result<void> make_ready(const PlanDelta& delta);
    bool store_flags(const NodeFacts& facts);
    Result<void> take_facts(const NodeFacts& facts, ApplyReport& report);
    void make_room(const PlanDelta& delta);
    void drain_limbo();
    std::vector<Change> changes_for(const PlanDelta& delta, ApplyReport& report);
    Result<Fragment> compiled(const ServicePlan& plan, const Fragment& before);

    // commit.cpp: changes to the maps
    Result<void> commit(std::vector<Change> changes, ApplyReport& report);
    Result<bool> make_fit(const Writes& writes, ApplyReport& report);
    Result<void> resize(const Sizes& sizes, ApplyReport& report);
    Result<void> reset_counters(const Writes& writes, ApplyReport& report);
    uint64_t store_all(const Writes& writes, const std::vector<Change>& changes);
    Result<void> write_frontends(const Writes& writes, bool erase_first, ApplyReport& report);
    Result<void> erase_left(Writes gone, ApplyReport& report);
    Result<void> activate(ApplyReport& report);

    // adopt.cpp: start, audit, end
    Result<void> adopt_maps(std::unique_ptr<MapSet> maps, KernelReport& report);
    Result<void> finish_first_pass(ApplyReport& report);
    Result<void> reconcile(KernelReport& report);
    uint64_t mend_arrays(KernelReport& report);
    void forget();

    std::unique_ptr<Backend> companion_;
    std::unique_ptr<Kernel> kernel_;
    std::function<std::unique_ptr<SocketPruner>()> make_pruner_;
    std::function<std::unique_ptr<TrafficReader>()> make_reader_;
    EbpfSettings settings_;
    Log& log_;

    /// Null: nothing was written yet.
    std::unique_ptr<MapSet> maps_;
    /// The links run this program's code on maps_.
    bool active_ = false;
    Pools pools_;
    Book ledger_;
    KnownFrontends<sy_frontend4> known4_;
    KnownFrontends<sy_frontend6> known6_;
    /// As the maps have them.
    std::optional<NodeFacts> facts_;
    Adopted adopted_;
    bool first_pass_done_ = false;
    /// The kernel refused a part of what is in the ledger: it has to be compared first.
    bool uncertain_ = false;
};

/// The backend on the real kernel, in the network namespace of the calling thread. `log` must
/// outlive it.
Result<std::unique_ptr<Backend>> make_backend(const EbpfSettings& settings, Log& log);

/// Everything that would be written for these plans: the packet path in nft's words, then the maps.
std::string render(const PlanDelta& plans, const NodeFacts& facts);

/// Removes maps and links, unless they are of another network namespace; what sockets were bound to
/// stays with them. The packet path goes with `with_companion`.
Result<void> remove(const EbpfSettings& settings, bool with_companion, Log& log);

}  // namespace sy::ebpf
