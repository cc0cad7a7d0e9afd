// The objects of the cluster, and which Services have to be looked at again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/symbols.h"
#include "model/claims.h"
#include "model/event.h"
#include "model/packed.h"
#include "model/plan.h"
#include "model/select.h"

namespace sy {

/// When something happened in the cluster that a Service's plan now follows.
struct Trigger {
    ServiceName service;
    Family family = Family::ipv4;
    std::chrono::system_clock::time_point at;

    friend bool operator==(const Trigger&, const Trigger&) = default;
};

/// Services whose plan may have changed, as a batch for a backend.
struct PlanDelta {
    /// Services that exist and need something. Shared with the worker, immutable.
    std::vector<std::shared_ptr<const ServicePlan>> changed;
    /// Services that need nothing (any more).
    std::vector<ServiceName> removed;
    /// Of the Services in `changed`, for the programming latency.
    std::vector<Trigger> triggers;
    /// Services the state knows in all: a hint for how large kernel tables should be declared.
    std::size_t known_services = 0;

    bool empty() const { return changed.empty() && removed.empty(); }
};

/// Holds objects and a dirty set; computes plans on demand. The order in which events arrive is
/// invisible in the result. Not thread-safe: lives on the strand.
class ClusterState {
  public:
    using WallTime = std::chrono::system_clock::time_point;

    /// `symbols` must outlive the state and be the table the events' symbols come from. Triggers
    /// from before `started` tell of somebody else's latency and are ignored.
    ClusterState(Symbols& symbols, std::string node_name, WallTime started = WallTime::min());

    /// Takes one event; the result says in which families plans may have changed by it. An upsert
    /// equal to what is known changes nothing.
    FamilySet apply(Event event);

    /// Has been listed at least once. Of Services and EndpointSlices only.
    bool listed(Kind kind) const;
    /// Services and EndpointSlices have both been listed at least once.
    bool complete() const;
    /// And both lists were whole at least once: what was never told does not exist.
    bool whole() const;

    /// Overrides the node addresses used for source ranges (bindAddress); marks what depends on
    /// them dirty. Without an override the Node object's addresses count.
    void set_node_ips(std::optional<IpAddr> ipv4, std::optional<IpAddr> ipv6);

    /// The own Node object, if the source has one.
    const Node* node() const;
    /// All ServiceCIDRs, sorted, without duplicates or contained networks.
    std::vector<Cidr> service_cidrs() const;

    bool has_dirty() const { return !dirty_.empty(); }
    std::size_t dirty_count() const { return dirty_.size(); }
    /// Takes `max` dirty Services, those that waited longest, out of the dirty set and plans them.
    /// Services between which a frontend changes hands come in the same batch, even beyond `max`.
    /// A Service whose plan is the one taken last is left out, so the batch may be empty although
    /// has_dirty() was and still is true.
    PlanDelta take(std::size_t max);
    /// Puts a Service back into the dirty set (its commit failed): the next take tells its plan, or
    /// its removal, even if it was told before.
    void mark_dirty(const ServiceName& name);
    /// mark_dirty for all of a delta; its triggers count again.
    void put_back(const PlanDelta& delta);
    /// mark_dirty for all that are known. Services removed earlier are not among them.
    void mark_all_dirty();

    /// Services, without those of which only EndpointSlices are known.
    std::size_t service_count() const { return service_count_; }

  private:
    struct Entry;
    using Known = std::pair<const ServiceName, Entry>;

    /// A Service and its EndpointSlices; either may be missing.
    struct Entry {
        Packed service;
        std::vector<Packed> slices;
        /// Of the plan that was taken last.
        uint64_t told = 0;
        /// Where in dirty_, if is_dirty.
        std::list<Known*>::iterator place;
        bool is_dirty = false;
        /// Tell the plan even if it equals the one told last.
        bool is_forced = false;
        /// The plan depends on the node's addresses.
        bool has_source_ranges = false;
    };

    FamilySet upsert(const Service& service);
    FamilySet upsert(const EndpointSlice& slice);
    FamilySet upsert(Node node);
    FamilySet upsert(ServiceCidr cidr);
    FamilySet remove(const ObjectKey& key);
    FamilySet remove_service(const ServiceName& name);
    FamilySet remove_slice(std::string_view ns, std::string_view name);
    void remember(const Known& service, Family family, WallTime trigger);

    Known& known(const ServiceName& name);
    Known* find(const ServiceName& name);
    /// Which entry has the slice, as a position in slice_index_; end() if none has.
    std::unordered_multimap<uint64_t, Known*>::iterator find_slice(std::string_view ns,
                                                                   std::string_view name);
    void set_claims(Known& owner, const std::vector<Claim>& before,
                    const std::vector<Claim>& after);
    void make_dirty(Known& service);
    void clean(Known& service);
    void forget_if_empty(const Known& service);
    /// `first` and all dirty Services that must be taken with it; none of them is dirty any more.
    std::vector<Known*> take_group(Known& first);
    ServicePlan plan(const Known& service) const;
    void tell(Known& service, PlanDelta& delta);
    FamilySet update_view();

    Symbols& symbols_;
    std::string node_name_;
    WallTime started_;
    std::optional<Node> node_;
    std::optional<IpAddr> ipv4_override_;
    std::optional<IpAddr> ipv6_override_;
    NodeView view_;
    std::map<std::string, std::vector<Cidr>> cidrs_;
    bool services_listed_ = false;
    bool slices_listed_ = false;
    bool services_whole_ = false;
    bool slices_whole_ = false;

    // One per Service name. Pointers into it stay valid until the entry goes.
    std::unordered_map<ServiceName, Entry> known_;
    std::size_t service_count_ = 0;
    // From the hash of a slice's namespace and name to the entry it is in: 40 bytes per slice,
    // where a map with the names would need three times that.
    std::unordered_multimap<uint64_t, Known*> slice_index_;
    Claims claims_;
    std::list<Known*> dirty_;  // the longest dirty first
    Handovers handovers_;      // among dirty Services only
    // Of dirty Services only.
    std::unordered_map<const Known*, std::vector<Trigger>> triggers_;
};

}  // namespace sy
