// What the agent tells of its work, for health, metrics and events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/clock.h"
#include "backends/backend.h"
#include "model/objects.h"

namespace sy {

/// Events of one delivery of the source.
struct ChangesSeen {
    /// Objects told of, whether or not they differ from what was known.
    std::size_t services = 0;
    std::size_t slices = 0;
    /// Of these, the ones that changed something.
    std::size_t services_changed = 0;
    std::size_t slices_changed = 0;
    /// In which families something has to be looked at, node-wide facts included; may be none.
    FamilySet families{};
};

/// One batch that is in the kernel.
struct Commit {
    const PlanDelta& delta;
    /// Services of `delta` that are not in the kernel, or as they were before.
    std::span<const Quarantined> quarantined;
    const NodeFacts& facts;
    uint64_t transactions = 0;
    uint64_t writes = 0;
    /// Time on the worker.
    Duration busy{};
    /// From the arrival of its oldest event to now.
    Duration latency{};
    /// See Backend::fill.
    std::span<const MapFill> fill;
};

/// A sync brings everything that was pending when it began into the kernel, in both families, as
/// one or more commits.
struct SyncEnd {
    bool ok = false;
    /// Over all Services, or after a failure, or with new node-wide facts.
    bool full = false;
    Duration took{};
    /// Services the state knows.
    std::size_t services = 0;
};

/// One pass of the conntrack reconciler.
struct FlowPassEnd {
    bool ok = false;
    Duration took{};
    /// Tracked flows, and sockets that a backend had bound to an endpoint.
    uint64_t deleted_ipv4 = 0;
    uint64_t deleted_ipv6 = 0;
    uint64_t ended_ipv4 = 0;
    uint64_t ended_ipv6 = 0;
};

/// All calls on the strand, between two steps of the agent: an observer may read the clock, but
/// must not call the agent, and should be quick. What does not interest it, it leaves out.
class AgentObserver {
  public:
    virtual ~AgentObserver() = default;

    virtual void on_changes(const ChangesSeen&) {}
    /// One of the lists was complete for the first time; or (both false) at start.
    virtual void on_lists(bool /*services*/, bool /*slices*/) {}
    /// The own Node object, whenever it was told; null: there is none (any more).
    virtual void on_node(const Node*) {}

    /// What was pending is about to be written. What is told by on_changes from now on is pending
    /// for the next sync.
    virtual void on_sync_begun() {}
    /// Nothing of it needed a write; no on_sync_ended follows.
    virtual void on_sync_skipped() {}
    virtual void on_committed(const Commit&) {}
    virtual void on_sync_ended(const SyncEnd&) {}
    /// The first pass over all Services is in the kernel.
    virtual void on_first_sync() {}

    /// A Service cannot be programmed, or the reason has changed.
    virtual void on_quarantined(const ServiceName&, const Error&) {}
    /// A Service is programmed again, or gone.
    virtual void on_cured(const ServiceName&) {}

    virtual void on_audited(const Result<KernelReport>&) {}
    virtual void on_flows_pruned(const FlowPassEnd&) {}
};

}  // namespace sy
