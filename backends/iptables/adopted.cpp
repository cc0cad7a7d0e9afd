#include "backends/iptables/adopted.h"

#include <algorithm>

namespace sy::iptables {
namespace {

FrontendKey key_of(const Member& member) {
    const bool by_port = type_of(member.set.role) == SetType::net_port;
    return {by_port ? unspecified(member.set.family) : member.ip, member.protocol, member.port};
}

FrontendKey key_of(const TreeLine& line) {
    return {line.key.address, line.key.protocol, line.key.port};
}

}  // namespace

void Adopted::add(Object object) {
    if (const auto* member = std::get_if<Member>(&object)) {
        by_frontend_.emplace(key_of(*member), std::move(object));
    } else if (const auto* line = std::get_if<TreeLine>(&object)) {
        by_frontend_.emplace(key_of(*line), std::move(object));
    } else if (const auto* list = std::get_if<ListChain>(&object)) {
        std::pair name(list->family, list_chain_name(list->list, list->port));
        lists_.emplace(std::move(name), std::move(object));
    } else {
        sets_.insert(std::get<SetDef>(object));
    }
}

bool Adopted::empty() const {
    return by_frontend_.empty() && lists_.empty() && sets_.empty();
}

std::vector<Object> Adopted::claim(const ServicePlan& plan, const std::vector<Object>& want) {
    std::vector<Object> claimed;
    for (const auto& port : plan.ports) {
        for (const auto& frontend : port.frontends) {
            const bool by_port = frontend.kind == FrontendKind::node_port;
            const auto [first, last] =
                by_frontend_.equal_range({by_port ? unspecified(port.family) : frontend.address,
                                          port.protocol, frontend.port});
            for (auto it = first; it != last; ++it) {
                claimed.push_back(std::move(it->second));
            }
            by_frontend_.erase(first, last);
        }
        const auto id = port_id(plan.name, port.name, port.protocol);
        for (const auto list : {ListId::cluster, ListId::local}) {
            if (auto found = lists_.extract({port.family, list_chain_name(list, id)})) {
                claimed.push_back(std::move(found.mapped()));
            }
        }
    }
    for (const auto& object : want) {
        if (const auto* set = std::get_if<SetDef>(&object);
            set != nullptr && sets_.erase(*set) > 0) {
            claimed.emplace_back(*set);
        }
    }
    std::ranges::sort(claimed);
    return claimed;
}

std::vector<Object> Adopted::rest() const {
    std::vector<Object> all(sets_.begin(), sets_.end());
    for (const auto& [key, object] : by_frontend_) {
        all.push_back(object);
    }
    for (const auto& [name, object] : lists_) {
        all.push_back(object);
    }
    return all;
}

std::set<EndpointAddr> Adopted::udp_frontends() const {
    std::set<EndpointAddr> all;
    for (const auto& [key, object] : by_frontend_) {
        if (key.protocol == Protocol::udp && std::holds_alternative<TreeLine>(object)) {
            all.insert({key.address, key.port});
        }
    }
    return all;
}

}  // namespace sy::iptables
