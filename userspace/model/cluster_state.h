// The objects of the cluster, and which Services have to be looked at again.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/event.h"
#include "model/plan.h"
#include "model/select.h"

namespace sy {

/// Services whose plan may have changed, as a batch for a backend.
struct PlanDelta {
    /// Services that exist and need something. Shared with the worker, immutable.
    std::vector<std::shared_ptr<const ServicePlan>> changed;
    /// Services that need nothing (any more).
    std::vector<ServiceName> removed;
    /// Services the state knows in all: a hint for how large kernel tables should be declared.
    std::size_t known_services = 0;

    bool empty() const { return changed.empty() && removed.empty(); }
};

/// Holds objects and a dirty set; computes plans on demand. The order in which events arrive is
/// invisible in the result. Not thread-safe: lives on the strand.
class ClusterState {
  public:
    /// `symbols` must outlive the state and be the table the events' symbols come from.
    ClusterState(Symbols& symbols, std::string node_name);

    /// Takes one event. An upsert equal to what is known changes nothing.
    void apply(Event event);

    /// Services and EndpointSlices have both been listed at least once.
    bool complete() const;

    /// Overrides the node addresses used for source ranges (bindAddress); marks what depends on
    /// them dirty. Without an override the Node object's addresses count.
    void set_node_ips(std::optional<IpAddr> ipv4, std::optional<IpAddr> ipv6);

    /// The own Node object, if the source has one.
    const Node* node() const;
    /// All ServiceCIDRs, sorted, without duplicates or contained networks.
    std::vector<Cidr> service_cidrs() const;

    bool has_dirty() const;
    std::size_t dirty_count() const;
    /// Takes up to `max` dirty Services out of the dirty set and plans them. Removed Services come
    /// in the same batch as Services that inherit one of their frontends where both are dirty.
    PlanDelta take(std::size_t max);
    /// Puts a Service back into the dirty set (its commit failed).
    void mark_dirty(const ServiceName& name);
    void mark_all_dirty();

    std::size_t service_count() const;

  private:
    Symbols& symbols_;
};

}  // namespace sy
