#include "model/cluster_state.h"

#include <algorithm>

#include "model/fingerprint.h"
#include "model/ranges.h"

namespace sy {
namespace {

uint64_t slice_hash(std::string_view ns, std::string_view name) {
    const std::hash<std::string_view> hash;
    return hash(ns) * 0x9e3779b97f4a7c15ULL + hash(name);
}

std::vector<Packed>::iterator slice_named(std::vector<Packed>& slices, std::string_view name) {
    return std::ranges::find(slices, name, name_of_slice);
}

std::optional<IpAddr> first_of(Family family, const std::optional<Node>& node) {
    if (node) {
        const auto found = std::ranges::find(node->addresses, family, &IpAddr::family);
        if (found != node->addresses.end()) {
            return *found;
        }
    }
    return std::nullopt;
}

/// A Service whose rules cannot be written for long must not gather triggers forever; the oldest,
/// which tell most, are kept.
constexpr std::size_t kMaxTriggers = 100;

FamilySet as_set(std::optional<Family> family) {
    return family ? FamilySet(*family) : FamilySet();
}

FamilySet families_of(const Service& service) {
    FamilySet families;
    for (const auto& [family, ip] : service.family_ips) {
        families |= FamilySet(family);
    }
    if (service.family_ips.empty() && service.cluster_ip) {
        families |= FamilySet(service.cluster_ip->family());
    }
    return families;
}

}  // namespace

ClusterState::ClusterState(Symbols& symbols, std::string node_name, WallTime started)
    : symbols_(symbols), node_name_(std::move(node_name)), started_(started) {
    view_.name = symbols_.intern(node_name_);
}

FamilySet ClusterState::apply(Event event) {
    if (auto* upserted = std::get_if<Upserted>(&event)) {
        return std::visit([this](auto& object) { return upsert(std::move(object)); },
                          upserted->object);
    }
    if (const auto* removed = std::get_if<Removed>(&event)) {
        return remove(removed->key);
    }
    if (const auto* listed = std::get_if<Listed>(&event)) {
        services_listed_ = services_listed_ || listed->kind == Kind::service;
        slices_listed_ = slices_listed_ || listed->kind == Kind::endpoint_slice;
        services_whole_ = services_whole_ || (listed->kind == Kind::service && listed->whole);
        slices_whole_ = slices_whole_ || (listed->kind == Kind::endpoint_slice && listed->whole);
    }
    return {};
}

bool ClusterState::listed(Kind kind) const {
    return kind == Kind::service ? services_listed_
                                 : kind == Kind::endpoint_slice && slices_listed_;
}

bool ClusterState::complete() const {
    return services_listed_ && slices_listed_;
}

bool ClusterState::whole() const {
    return services_whole_ && slices_whole_;
}

const Node* ClusterState::node() const {
    return node_ ? &*node_ : nullptr;
}

std::vector<Cidr> ClusterState::service_cidrs() const {
    std::vector<Cidr> all;
    for (const auto& [name, cidrs] : cidrs_) {
        all.insert(all.end(), cidrs.begin(), cidrs.end());
    }
    return merge_networks(std::move(all));
}

void ClusterState::set_node_ips(std::optional<IpAddr> ipv4, std::optional<IpAddr> ipv6) {
    ipv4_override_ = ipv4;
    ipv6_override_ = ipv6;
    update_view();
}

FamilySet ClusterState::update_view() {
    NodeView now = view_;
    now.zone = node_ ? symbols_.intern(node_->zone) : Symbol::none;
    now.ipv4 = ipv4_override_ ? ipv4_override_ : first_of(Family::ipv4, node_);
    now.ipv6 = ipv6_override_ ? ipv6_override_ : first_of(Family::ipv6, node_);
    const bool zone_changed = now.zone != view_.zone;
    const bool ips_changed = now.ipv4 != view_.ipv4 || now.ipv6 != view_.ipv6;
    view_ = now;
    if (!zone_changed && !ips_changed) {
        return {};
    }
    bool any = false;
    for (auto& service : known_) {
        if (zone_changed || service.second.has_source_ranges) {
            make_dirty(service);
            any = true;
        }
    }
    return any ? FamilySet::both() : FamilySet();
}

FamilySet ClusterState::upsert(const Service& service) {
    if (service.name.ns.empty() || service.name.name.empty()) {
        return {};
    }
    auto packed = pack(service);
    auto& owner = known(service.name);
    auto& entry = owner.second;
    if (entry.service == packed) {
        return {};
    }
    auto families = families_of(service);
    std::vector<Claim> before;
    if (entry.service.empty()) {
        ++service_count_;
    } else {
        const auto former = unpack_service(entry.service, owner.first);
        families |= families_of(former);
        before = claims_of(former);
    }
    entry.service = std::move(packed);
    entry.has_source_ranges = service.source_ranges_set;
    make_dirty(owner);
    set_claims(owner, before, claims_of(service));
    return families;
}

FamilySet ClusterState::upsert(const EndpointSlice& slice) {
    if (slice.ns.empty() || slice.name.empty() || slice.service.empty()) {
        // Without an owner it is as good as gone.
        return remove_slice(slice.ns, slice.name);
    }
    auto families = as_set(slice.family);
    auto packed = pack(slice);
    auto& owner = known({slice.ns, slice.service});
    auto& slices = owner.second.slices;
    const auto old = slice_named(slices, slice.name);
    if (old != slices.end()) {
        if (*old == packed) {
            return {};
        }
        families |= as_set(family_of_slice(*old));
        *old = std::move(packed);
    } else {
        families |= remove_slice(slice.ns, slice.name);
        slices.reserve(slices.size() + 1);
        slices.push_back(std::move(packed));
        slice_index_.emplace(slice_hash(slice.ns, slice.name), &owner);
    }
    make_dirty(owner);
    if (slice.trigger_time && *slice.trigger_time > started_ && slice.family) {
        remember(owner, *slice.family, *slice.trigger_time);
    }
    return families;
}

FamilySet ClusterState::upsert(Node node) {
    if (node.name != node_name_) {
        return {};
    }
    node_ = std::move(node);
    return update_view();
}

FamilySet ClusterState::upsert(ServiceCidr cidr) {
    cidrs_[cidr.name] = std::move(cidr.cidrs);
    return {};
}

FamilySet ClusterState::remove(const ObjectKey& key) {
    switch (key.kind) {
        case Kind::service:
            return remove_service({key.ns, key.name});
        case Kind::endpoint_slice:
            return remove_slice(key.ns, key.name);
        case Kind::node:
            if (key.name == node_name_) {
                node_.reset();
                return update_view();
            }
            break;
        case Kind::service_cidr:
            cidrs_.erase(key.name);
            break;
    }
    return {};
}

FamilySet ClusterState::remove_service(const ServiceName& name) {
    auto* owner = find(name);
    if (owner == nullptr || owner->second.service.empty()) {
        return {};
    }
    const auto former = unpack_service(owner->second.service, owner->first);
    owner->second.service = Packed();
    owner->second.has_source_ranges = false;
    --service_count_;
    make_dirty(*owner);
    set_claims(*owner, claims_of(former), {});
    return families_of(former);
}

FamilySet ClusterState::remove_slice(std::string_view ns, std::string_view name) {
    const auto found = find_slice(ns, name);
    if (found == slice_index_.end()) {
        return {};
    }
    auto& owner = *found->second;
    slice_index_.erase(found);
    auto& slices = owner.second.slices;
    const auto slice = slice_named(slices, name);
    const auto families = as_set(family_of_slice(*slice));
    slices.erase(slice);
    slices.shrink_to_fit();
    make_dirty(owner);
    return families;
}

void ClusterState::remember(const Known& service, Family family, WallTime trigger) {
    auto& triggers = triggers_[&service];
    if (triggers.size() < kMaxTriggers) {
        triggers.push_back({service.first, family, trigger});
    }
}

ClusterState::Known& ClusterState::known(const ServiceName& name) {
    return *known_.try_emplace(name).first;
}

ClusterState::Known* ClusterState::find(const ServiceName& name) {
    const auto found = known_.find(name);
    return found == known_.end() ? nullptr : &*found;
}

std::unordered_multimap<uint64_t, ClusterState::Known*>::iterator ClusterState::find_slice(
    std::string_view ns, std::string_view name) {
    auto [candidate, end] = slice_index_.equal_range(slice_hash(ns, name));
    for (; candidate != end; ++candidate) {
        auto& [owner, entry] = *candidate->second;
        if (owner.ns == ns && slice_named(entry.slices, name) != entry.slices.end()) {
            return candidate;
        }
    }
    return slice_index_.end();
}

void ClusterState::set_claims(Known& owner, const std::vector<Claim>& before,
                              const std::vector<Claim>& after) {
    for (const auto* other : claims_.replace(&owner.first, before, after, handovers_)) {
        make_dirty(*find(*other));
    }
}

void ClusterState::make_dirty(Known& service) {
    auto& entry = service.second;
    if (!entry.is_dirty) {
        entry.place = dirty_.insert(dirty_.end(), &service);
        entry.is_dirty = true;
    }
}

void ClusterState::clean(Known& service) {
    dirty_.erase(service.second.place);
    service.second.is_dirty = false;
}

void ClusterState::forget_if_empty(const Known& service) {
    const auto& entry = service.second;
    if (entry.service.empty() && entry.slices.empty() && !entry.is_dirty) {
        known_.erase(known_.find(service.first));
    }
}

std::vector<ClusterState::Known*> ClusterState::take_group(Known& first) {
    std::vector<Known*> group{&first};
    clean(first);
    for (std::size_t i = 0; i < group.size(); ++i) {
        for (const auto* name : handovers_.extract_partners(&group[i]->first)) {
            auto* partner = find(*name);
            if (partner->second.is_dirty) {
                clean(*partner);
                group.push_back(partner);
            }
        }
    }
    return group;
}

ServicePlan ClusterState::plan(const Known& service) const {
    const auto& [name, entry] = service;
    if (entry.service.empty()) {
        ServicePlan nothing;
        nothing.name = name;
        return nothing;
    }
    std::vector<EndpointSlice> slices;
    slices.reserve(entry.slices.size());
    for (const auto& packed : entry.slices) {
        slices.push_back(unpack_slice(packed, name));
    }
    std::vector<const EndpointSlice*> pointers;
    pointers.reserve(slices.size());
    for (const auto& slice : slices) {
        pointers.push_back(&slice);
    }
    auto plan = select(unpack_service(entry.service, name), pointers, view_, symbols_);
    settle(plan, claims_, &name);
    return plan;
}

void ClusterState::tell(Known& service, PlanDelta& delta) {
    auto& entry = service.second;
    auto plan = this->plan(service);
    const auto now = fingerprint(plan);
    // Changes that cancel each other out program nothing, so they have no latency.
    const auto triggers = triggers_.extract(&service);
    if (entry.is_forced || now != entry.told) {
        if (needs_nothing(plan)) {
            delta.removed.push_back(service.first);
        } else {
            if (triggers) {
                delta.triggers.insert(delta.triggers.end(), triggers.mapped().begin(),
                                      triggers.mapped().end());
            }
            delta.changed.push_back(std::make_shared<const ServicePlan>(std::move(plan)));
        }
    }
    entry.told = now;
    entry.is_forced = false;
    forget_if_empty(service);
}

PlanDelta ClusterState::take(std::size_t max) {
    PlanDelta delta;
    delta.known_services = service_count_;
    for (std::size_t taken = 0; taken < max && !dirty_.empty();) {
        const auto group = take_group(*dirty_.front());
        taken += group.size();
        for (auto* service : group) {
            tell(*service, delta);
        }
    }
    return delta;
}

void ClusterState::mark_dirty(const ServiceName& name) {
    auto& service = known(name);
    service.second.is_forced = true;
    make_dirty(service);
}

void ClusterState::put_back(const PlanDelta& delta) {
    for (const auto& plan : delta.changed) {
        mark_dirty(plan->name);
    }
    for (const auto& name : delta.removed) {
        mark_dirty(name);
    }
    for (const auto& trigger : delta.triggers) {
        remember(known(trigger.service), trigger.family, trigger.at);
    }
}

void ClusterState::mark_all_dirty() {
    for (auto& service : known_) {
        if (!service.second.service.empty() || service.second.told != 0) {
            service.second.is_forced = true;
            make_dirty(service);
        }
    }
}

}  // namespace sy
