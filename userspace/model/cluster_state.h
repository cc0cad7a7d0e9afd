// The objects of the cluster, and which Services have to be looked at again.
#pragma once

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

    void upsert(const Service& service);
    void upsert(const EndpointSlice& slice);
    void upsert(Node node);
    void upsert(ServiceCidr cidr);
    void remove(const ObjectKey& key);
    void remove_slice(std::string_view ns, std::string_view name);

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
    void update_view();

    Symbols& symbols_;
    std::string node_name_;
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
};

}  // namespace sy
