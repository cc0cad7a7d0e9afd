#include "backends/ipvs/adopted.h"

#include <algorithm>
#include <iterator>

#include "backends/ipvs/elements.h"
#include "backends/ipvs/word.h"

namespace sy::ipvs {
namespace {

using nft::Element;
using Id = std::pair<Family, uint32_t>;

EndpointAddr address_of(const Element& frontend) {
    const auto key = frontend.set() == nft::SetId::mark_frontends ? nft::frontend_key(frontend)
                                                                  : nft::nodeport_key(frontend);
    return {key.address, key.port};
}

Element probe_of(const PortPlan& port, const Frontend& frontend) {
    return frontend.kind == FrontendKind::node_port
               ? nodeport_element(port.family, port.protocol, frontend.port, 0)
               : frontend_element(frontend.address, port.protocol, frontend.port, 0);
}

}  // namespace

Adopted::Adopted(const std::vector<Element>& elements, const Dumped& dumped) {
    std::map<Id, Id> lists;  // of the servers of affinity endpoints
    std::set<Id> undrained;  // ids of UDP and SCTP ports
    for (const auto& element : elements) {
        const Id id{element.family(), named_id(element).value_or(0)};
        ids_.insert(id);
        if (element.set() == nft::SetId::mark_slots) {
            lists.emplace(Id{element.family(), id_of(nft::data_word(element))}, id);
        } else if (is_frontend(element)) {
            frontends_.push_back(element);
            if (protocol_of(element) != Protocol::tcp) {
                undrained.insert(id);
            }
            if (protocol_of(element) == Protocol::udp) {
                udp_.insert(address_of(element));
            }
        }
    }
    std::ranges::sort(frontends_);
    const auto group_of = [&lists](Family family, uint32_t id) {
        const auto list = lists.find({family, id});
        return list == lists.end() ? Id{family, id} : list->second;
    };
    for (const auto& element : elements) {
        groups_[group_of(element.family(), *named_id(element))].emplace_back(element);
    }
    for (const auto& server : dumped.servers) {
        const auto id = id_of(server.key.mark);
        ids_.emplace(server.key.family, id);
        groups_[group_of(server.key.family, id)].emplace_back(server.key);
    }
    for (const auto& destination : dumped.destinations) {
        if (destination.weight != 0) {
            const auto group = group_of(destination.server.family, id_of(destination.server.mark));
            groups_[group].emplace_back(
                Target{destination.server, destination.address, !undrained.contains(group)});
        }
    }
}

std::vector<Object> Adopted::claim(const ServicePlan& plan) {
    std::vector<Object> result;
    for (const auto& port : plan.ports) {
        for (const auto& frontend : port.frontends) {
            const auto probe = probe_of(port, frontend);
            const auto found = std::ranges::lower_bound(frontends_, probe);
            if (found == frontends_.end() || !found->same_key(probe)) {
                continue;
            }
            auto group = groups_.extract(Id{port.family, id_of(nft::data_word(*found))});
            if (!group.empty()) {
                std::ranges::move(group.mapped(), std::back_inserter(result));
            }
        }
    }
    std::ranges::sort(result);
    return result;
}

std::vector<Object> Adopted::rest() const {
    std::vector<Object> result;
    for (const auto& [id, objects] : groups_) {
        std::ranges::copy(objects, std::back_inserter(result));
    }
    return result;
}

}  // namespace sy::ipvs
