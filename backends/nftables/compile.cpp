#include "backends/nftables/compile.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "backends/nftables/vocabulary.h"
#include "backends/nftables/word.h"
#include "backends/slots.h"

namespace sy::nft {
namespace {

bool is_cluster_ip(const Frontend& frontend) {
    return frontend.kind == FrontendKind::cluster_ip;
}

Element element_of(const PortPlan& plan, const Frontend& frontend, uint32_t word) {
    if (frontend.kind == FrontendKind::node_port) {
        return nodeport_element(plan.family, plan.protocol, frontend.port, word);
    }
    return frontend_element(frontend.address, plan.protocol, frontend.port, word);
}

/// The element of `elements` (sorted) with the key of `probe`, if any.
const Element* find_key(const std::vector<Element>& elements, const Element& probe) {
    const auto first = std::ranges::lower_bound(elements, probe);
    return first != elements.end() && first->same_key(probe) ? &*first : nullptr;
}

std::vector<Slot> slots_before(const std::vector<Element>& elements, Family family, uint32_t list) {
    std::vector<Slot> result;
    const auto probe = slot_element(list, 0, {unspecified(family), Port{}});
    for (auto it = std::ranges::lower_bound(elements, probe);
         it != elements.end() && it->family() == family && it->set() == SetId::endpoints &&
         key_word(*it, 0) == list;
         ++it) {
        result.push_back({key_word(*it, 1), endpoint_of(*it)});
    }
    return result;
}

/// The affinity endpoints of `list` with their indices.
std::vector<Slot> indices_before(const std::vector<Element>& elements, Family family,
                                 uint32_t list) {
    std::vector<Slot> result;
    for (const auto& element : elements) {
        if (element.family() == family && element.set() == SetId::aff_endpoints &&
            (key_word(element, 0) & ~kClassMask) == list) {
            result.push_back({key_word(element, 0) & kClassMask, endpoint_of(element)});
        }
    }
    return result;
}

std::vector<Slot> affinity_slots_before(const std::vector<Element>& elements, Family family,
                                        uint32_t list, const std::vector<Slot>& indices) {
    std::vector<Slot> result;
    for (const auto& element : elements) {
        if (element.family() != family || element.set() != SetId::aff_slots ||
            key_word(element, 0) != list) {
            continue;
        }
        const auto index = data_word(element) & kClassMask;
        const auto found = std::ranges::find(indices, index, &Slot::number);
        if (found != indices.end()) {
            result.push_back({key_word(element, 1), found->endpoint});
        }
    }
    return result;
}

/// Translates one service port. The ids of the ports of one Service are told apart by `taken`.
class PortCompiler {
  public:
    PortCompiler(const PortPlan& plan, const Fragment& before, Numbers& numbers,
                 std::set<std::pair<Family, uint32_t>>& taken, Fragment& out)
        : plan_(plan), before_(before.own), numbers_(numbers), taken_(taken), out_(out) {}

    Result<void> run() {
        for (const auto& frontend : plan_.frontends) {
            has_external_ |= !is_cluster_ip(frontend);
            internal_local_ |= is_cluster_ip(frontend) && frontend.inside.list == ListId::local;
            external_local_ |= !is_cluster_ip(frontend) && frontend.outside.list == ListId::local;
        }
        if (auto result = choose_ids(); !result) {
            return result;
        }
        if (auto result = emit_lists(); !result) {
            return result;
        }
        emit_frontends();
        emit_ranges();
        emit_shared();
        return {};
    }

  private:
    /// ClusterIPs under internal policy Local need an id of their own when external frontends need
    /// the Cluster list; otherwise everything shares one id.
    Result<void> choose_ids() {
        const auto external = id_before([](const Frontend& f) { return !is_cluster_ip(f); });
        const auto internal = id_before(is_cluster_ip);
        const bool separate = internal_local_ && has_external_;
        auto id = take(external ? external : (separate ? std::nullopt : internal));
        if (!id) {
            return std::unexpected(id.error());
        }
        id_ = id_word(*id);
        internal_id_ = id_;
        if (separate) {
            auto second = take(internal);
            if (!second) {
                return std::unexpected(second.error());
            }
            internal_id_ = id_word(*second);
        }
        return {};
    }

    template <class Pick>
    std::optional<uint32_t> id_before(Pick pick) const {
        for (const auto& frontend : plan_.frontends) {
            if (!pick(frontend)) {
                continue;
            }
            if (const auto* found = find_key(before_, element_of(plan_, frontend, 0))) {
                return id_of(data_word(*found));
            }
        }
        return std::nullopt;
    }

    Result<uint32_t> take(std::optional<uint32_t> known) {
        if (known && taken_.emplace(plan_.family, *known).second) {
            return *known;
        }
        auto id = numbers_.new_id(plan_.family);
        if (id) {
            taken_.emplace(plan_.family, *id);
        }
        return id;
    }

    Result<void> emit_lists() {
        if (internal_local_) {
            if (auto done = emit_list(internal_id_, plan_.local, internal_class_); !done) {
                return done;
            }
        }
        if (has_external_ || !internal_local_) {
            if (auto done = emit_list(id_, plan_.cluster, cluster_class_); !done) {
                return done;
            }
        }
        if (external_local_) {
            return emit_list(kRoleLocal | id_, plan_.local, local_class_);
        }
        return {};
    }

    /// Writes a list's slots and finds its class; an empty list leaves the class to the frontend.
    Result<void> emit_list(uint32_t list, const std::vector<PlannedEndpoint>& endpoints,
                           std::optional<uint32_t>& list_class) {
        if (endpoints.empty()) {
            return {};
        }
        const auto count = static_cast<uint32_t>(endpoints.size());
        auto number = numbers_.class_for(plan_.family, count, plan_.affinity_timeout.value_or(0));
        if (!number) {
            return std::unexpected(number.error());
        }
        list_class = *number;
        std::vector<EndpointAddr> addresses;
        addresses.reserve(count);
        for (const auto& endpoint : endpoints) {
            addresses.push_back(endpoint.address);
        }
        if (plan_.affinity_timeout) {
            return emit_affinity_list(list, addresses);
        }
        const auto before = slots_before(before_, plan_.family, list);
        for (const auto& slot : assign_dense(addresses, before, 0)) {
            out_.own.push_back(slot_element(list, slot.number, slot.endpoint));
        }
        return {};
    }

    Result<void> emit_affinity_list(uint32_t list, const std::vector<EndpointAddr>& addresses) {
        const auto old_indices = indices_before(before_, plan_.family, list);
        const auto indices = assign_stable(addresses, old_indices, 1, kMaxAffinityIndex);
        if (indices.empty()) {
            return fail("session affinity is limited to " + std::to_string(kMaxAffinityIndex) +
                        " endpoints per port, this one has " + std::to_string(addresses.size()));
        }
        const auto old_slots = affinity_slots_before(before_, plan_.family, list, old_indices);
        const auto slots = assign_dense(addresses, old_slots, 0);
        for (std::size_t i = 0; i < addresses.size(); ++i) {  // both are in the order of addresses
            const auto index = indices[i].number;
            out_.own.push_back(affinity_endpoint_element(list, index, addresses[i]));
            out_.own.push_back(affinity_slot_element(plan_.family, list, slots[i].number, index));
        }
        return {};
    }

    static uint32_t class_of(const std::optional<uint32_t>& list_class, const Route& route) {
        const uint32_t empty = route.on_empty == OnEmpty::reject ? kClassReject : kClassDrop;
        return list_class.value_or(empty);
    }

    void emit_frontends() {
        for (const auto& frontend : plan_.frontends) {
            uint32_t word = 0;
            if (is_cluster_ip(frontend)) {
                word = internal_local_ ? internal_id_ | class_of(internal_class_, frontend.inside)
                                       : id_ | class_of(cluster_class_, frontend.inside);
                out_.shared.push_back(address_element(SetId::cluster_ips, frontend.address));
            } else if (frontend.outside.list == ListId::local) {
                word = kRoleLocal | id_ | class_of(local_class_, frontend.outside);
                out_.own.push_back(shortcut_element(
                    plan_.family, id_, id_ | class_of(cluster_class_, frontend.inside)));
            } else {
                word = kRoleMasquerade | id_ | class_of(cluster_class_, frontend.outside);
            }
            word |= frontend.check_ranges ? kRoleRanges : 0;
            out_.own.push_back(element_of(plan_, frontend, word));
        }
    }

    void emit_ranges() {
        const auto checks = [](const Frontend& frontend) { return frontend.check_ranges; };
        if (std::ranges::any_of(plan_.frontends, checks)) {
            for (const auto& range : plan_.source_ranges) {
                out_.own.push_back(range_element(id_, range));
            }
        }
    }

    void emit_shared() {
        for (const auto* list : {&plan_.cluster, &plan_.local}) {
            for (const auto& endpoint : *list) {
                const auto& ip = endpoint.address.ip;
                out_.shared.push_back(address_element(SetId::service_endpoints, ip));
                if (endpoint.is_local) {
                    out_.shared.push_back(hairpin_element(ip));
                }
            }
        }
    }

    const PortPlan& plan_;
    const std::vector<Element>& before_;
    Numbers& numbers_;
    std::set<std::pair<Family, uint32_t>>& taken_;
    Fragment& out_;

    bool has_external_ = false;
    bool internal_local_ = false;
    bool external_local_ = false;
    uint32_t id_ = 0;           // external frontends, and ClusterIPs that share their lists
    uint32_t internal_id_ = 0;  // ClusterIPs under internal policy Local
    std::optional<uint32_t> internal_class_;
    std::optional<uint32_t> cluster_class_;
    std::optional<uint32_t> local_class_;
};

void sort_unique(std::vector<Element>& elements) {
    std::ranges::sort(elements);
    const auto rest = std::ranges::unique(elements);
    elements.erase(rest.begin(), rest.end());
}

}  // namespace

Result<Fragment> compile(const ServicePlan& plan, const Fragment& before, Numbers& numbers) {
    Fragment fragment;
    std::set<std::pair<Family, uint32_t>> taken;
    for (const auto& port : plan.ports) {
        if (auto result = PortCompiler(port, before, numbers, taken, fragment).run(); !result) {
            auto error = std::move(result.error());
            error.on = "Service " + plan.name.to_string();
            return std::unexpected(std::move(error));
        }
    }
    sort_unique(fragment.own);
    sort_unique(fragment.shared);
    return fragment;
}

}  // namespace sy::nft
