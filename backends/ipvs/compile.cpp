#include "backends/ipvs/compile.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "backends/ipvs/elements.h"
#include "backends/ipvs/word.h"
#include "backends/slots.h"

namespace sy::ipvs {
namespace {

using nft::Element;
using nft::SetId;
using Ids = std::set<std::pair<Family, uint32_t>>;

bool is_cluster_ip(const Frontend& frontend) {
    return frontend.kind == FrontendKind::cluster_ip;
}

Element element_of(const PortPlan& plan, const Frontend& frontend, uint32_t word) {
    if (frontend.kind == FrontendKind::node_port) {
        return nodeport_element(plan.family, plan.protocol, frontend.port, word);
    }
    return frontend_element(frontend.address, plan.protocol, frontend.port, word);
}

/// The Service's earlier objects, by what a port asks of them.
class Before {
  public:
    explicit Before(const std::vector<Object>& objects) {
        for (const auto& object : objects) {
            if (const auto* element = std::get_if<Element>(&object)) {
                elements_.push_back(*element);
            } else if (const auto* target = std::get_if<Target>(&object)) {
                targets_.push_back(*target);
            }
        }
        std::ranges::sort(elements_);
    }

    std::optional<uint32_t> word_of(const Element& frontend) const {
        const auto found = std::ranges::lower_bound(elements_, frontend);
        return found != elements_.end() && found->same_key(frontend)
                   ? std::optional(nft::data_word(*found))
                   : std::nullopt;
    }

    /// Affinity: the slots of a list, with the endpoints of their servers.
    std::vector<Slot> slots(Family family, uint32_t list) const {
        std::vector<Slot> result;
        for (const auto& element : of_set(family, SetId::mark_slots)) {
            const auto server = nft::data_word(element);
            const auto target = std::ranges::find(targets_, ServerKey{family, server},
                                                  [](const Target& t) { return t.server; });
            if (nft::key_word(element, 0) == list && target != targets_.end()) {
                result.push_back({nft::key_word(element, 1), target->address});
            }
        }
        return result;
    }

    /// Affinity: the ids of the endpoints' servers, for the lists of service port `id`.
    std::map<EndpointAddr, uint32_t> endpoint_ids(Family family, uint32_t id) const {
        std::set<uint32_t> servers;
        for (const auto& element : of_set(family, SetId::mark_slots)) {
            if (id_of(nft::key_word(element, 0)) == id) {
                servers.insert(nft::data_word(element));
            }
        }
        std::map<EndpointAddr, uint32_t> result;
        for (const auto& target : targets_) {
            if (target.server.family == family && servers.contains(target.server.mark)) {
                result.emplace(target.address, id_of(target.server.mark));
            }
        }
        return result;
    }

  private:
    std::vector<Element> of_set(Family family, SetId set) const {
        std::vector<Element> result;
        std::ranges::copy_if(elements_, std::back_inserter(result), [&](const Element& element) {
            return element.family() == family && element.set() == set;
        });
        return result;
    }

    std::vector<Element> elements_;
    std::vector<Target> targets_;
};

/// Translates one service port. The ids of one Service are told apart by `taken`.
class PortCompiler {
  public:
    PortCompiler(const PortPlan& plan, const Before& before, nft::Numbers& numbers, Ids& taken,
                 Fragment& out)
        : plan_(plan), before_(before), numbers_(numbers), taken_(taken), out_(out) {}

    Result<void> run() {
        for (const auto& frontend : plan_.frontends) {
            has_external_ |= !is_cluster_ip(frontend);
            internal_local_ |= is_cluster_ip(frontend) && frontend.inside.list == ListId::local;
            external_local_ |= !is_cluster_ip(frontend) && frontend.outside.list == ListId::local;
        }
        if (auto done = choose_ids(); !done) {
            return done;
        }
        if (auto done = emit_lists(); !done) {
            return done;
        }
        for (const auto& frontend : plan_.frontends) {
            emit_frontend(frontend);
        }
        emit_ranges();
        emit_endpoints();
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
        internal_id_ = id_ = *id;
        if (separate) {
            auto second = take(internal);
            if (!second) {
                return std::unexpected(second.error());
            }
            internal_id_ = *second;
        }
        return {};
    }

    template <class Pick>
    std::optional<uint32_t> id_before(Pick pick) const {
        for (const auto& frontend : plan_.frontends) {
            if (const auto word = pick(frontend) ? before_.word_of(element_of(plan_, frontend, 0))
                                                 : std::nullopt) {
                return id_of(*word);
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
            if (auto done = emit_list(mark_of(internal_id_), plan_.local); !done) {
                return done;
            }
        }
        if (has_external_ || !internal_local_) {
            if (auto done = emit_list(mark_of(id_), plan_.cluster); !done) {
                return done;
            }
        }
        return external_local_ ? emit_list(kRoleLocal | mark_of(id_), plan_.local) : Result<void>();
    }

    /// An empty list has no server: its words reject or drop.
    Result<void> emit_list(uint32_t mark, const std::vector<PlannedEndpoint>& endpoints) {
        if (endpoints.empty()) {
            return {};
        }
        if (plan_.affinity_timeout) {
            return emit_affinity_list(mark, endpoints);
        }
        for (const auto& endpoint : endpoints) {
            emit_server(mark, endpoint.address);
        }
        return {};
    }

    void emit_server(uint32_t mark, const EndpointAddr& address) {
        const ServerKey server{plan_.family, mark};
        out_.own.emplace_back(server);
        out_.own.emplace_back(Target{server, address, plan_.protocol == Protocol::tcp});
    }

    /// Every endpoint has a server of its own, which the lists of the port share.
    Result<void> emit_affinity_list(uint32_t list, const std::vector<PlannedEndpoint>& endpoints) {
        const auto count = static_cast<uint32_t>(endpoints.size());
        auto number = numbers_.class_for(plan_.family, count, *plan_.affinity_timeout);
        if (!number) {
            return std::unexpected(number.error());
        }
        out_.own.emplace_back(sticky_element(plan_.family, list, *number));
        std::vector<EndpointAddr> addresses;
        addresses.reserve(count);
        for (const auto& endpoint : endpoints) {
            addresses.push_back(endpoint.address);
        }
        const auto known = before_.endpoint_ids(plan_.family, id_of(list));
        for (const auto& slot : assign_dense(addresses, before_.slots(plan_.family, list), 0)) {
            auto id = endpoint_id(slot.endpoint, known);
            if (!id) {
                return std::unexpected(id.error());
            }
            const auto mark = mark_of(*id);
            out_.own.emplace_back(slot_element(plan_.family, list, slot.number, mark));
            out_.own.emplace_back(server_element(plan_.family, mark));
            emit_server(mark, slot.endpoint);
        }
        return {};
    }

    Result<uint32_t> endpoint_id(const EndpointAddr& address,
                                 const std::map<EndpointAddr, uint32_t>& known) {
        if (const auto ours = endpoint_ids_.find(address); ours != endpoint_ids_.end()) {
            return ours->second;
        }
        const auto before = known.find(address);
        auto id = take(before == known.end() ? std::nullopt : std::optional(before->second));
        if (id) {
            endpoint_ids_.emplace(address, *id);
        }
        return id;
    }

    uint32_t word_of(const Frontend& frontend) const {
        const auto empty = [](const Route& route) {
            return route.on_empty == OnEmpty::reject ? kReject : kDrop;
        };
        if (is_cluster_ip(frontend)) {
            const auto& list = internal_local_ ? plan_.local : plan_.cluster;
            return mark_of(internal_id_) | (list.empty() ? empty(frontend.inside) : 0);
        }
        if (frontend.outside.list == ListId::cluster) {
            return kRoleMasquerade | mark_of(id_) |
                   (plan_.cluster.empty() ? empty(frontend.outside) : 0);
        }
        // Pods and the node lose L and D on their way to the Cluster list, but not E.
        return kRoleLocal | mark_of(id_) | (plan_.local.empty() ? empty(frontend.outside) : 0) |
               (plan_.cluster.empty() ? kReject : 0);
    }

    void emit_frontend(const Frontend& frontend) {
        const auto ranges = frontend.check_ranges ? kRoleRanges : 0;
        out_.own.emplace_back(element_of(plan_, frontend, word_of(frontend) | ranges));
        if (frontend.kind != FrontendKind::node_port) {
            const auto set = is_cluster_ip(frontend) ? SetId::cluster_ips : SetId::vips;
            out_.shared.emplace_back(nft::address_element(set, frontend.address));
        }
    }

    void emit_ranges() {
        if (std::ranges::any_of(plan_.frontends, &Frontend::check_ranges)) {
            for (const auto& range : plan_.source_ranges) {
                out_.own.emplace_back(range_element(id_, range));
            }
        }
    }

    void emit_endpoints() {
        for (const auto* list : {&plan_.cluster, &plan_.local}) {
            for (const auto& endpoint : *list) {
                const auto& ip = endpoint.address.ip;
                out_.shared.emplace_back(nft::address_element(SetId::service_endpoints, ip));
                if (endpoint.is_local) {
                    out_.shared.emplace_back(nft::hairpin_element(ip));
                }
            }
        }
    }

    const PortPlan& plan_;
    const Before& before_;
    nft::Numbers& numbers_;
    Ids& taken_;
    Fragment& out_;

    bool has_external_ = false;
    bool internal_local_ = false;
    bool external_local_ = false;
    uint32_t id_ = 0;           // external frontends, and ClusterIPs that share their lists
    uint32_t internal_id_ = 0;  // ClusterIPs under internal policy Local
    std::map<EndpointAddr, uint32_t> endpoint_ids_;  // affinity
};

void sort_unique(std::vector<Object>& objects) {
    std::ranges::sort(objects);
    const auto rest = std::ranges::unique(objects);
    objects.erase(rest.begin(), rest.end());
}

}  // namespace

Result<Fragment> compile(const ServicePlan& plan, const Fragment& before, nft::Numbers& numbers) {
    Fragment fragment;
    const Before known(before.own);
    Ids taken;
    for (const auto& port : plan.ports) {
        if (auto done = PortCompiler(port, known, numbers, taken, fragment).run(); !done) {
            auto error = std::move(done.error());
            error.on = "Service " + plan.name.to_string();
            return std::unexpected(std::move(error));
        }
    }
    sort_unique(fragment.own);
    sort_unique(fragment.shared);
    return fragment;
}

}  // namespace sy::ipvs
