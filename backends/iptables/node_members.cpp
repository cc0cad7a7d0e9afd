#include "backends/iptables/node_members.h"

#include <algorithm>

namespace sy::iptables {

std::vector<Object> node_members(const NodeFacts& facts, const CompileOptions& options) {
    std::vector<Object> members;
    const auto works = [&](Family family) {
        return family == Family::ipv4 || !options.without_ipv6;
    };
    for (const auto& address : facts.nodeport_addresses) {
        if (works(address.family())) {
            members.emplace_back(
                Member{.set = {address.family(), Role::node_port_ip, 0}, .ip = address});
        }
    }
    const auto add = [&](Role role, const std::vector<Cidr>& networks) {
        for (const auto& network : networks) {
            if (works(network.family())) {
                add_network(members, {.set = {network.family(), role, 0}}, network);
            }
        }
    };
    add(Role::service_cidr, facts.service_cidrs);
    if (const auto* detector = std::get_if<CidrDetector>(&facts.detector)) {
        add(Role::pod_cidr, detector->cidrs);
    }
    std::ranges::sort(members);
    const auto rest = std::ranges::unique(members);
    members.erase(rest.begin(), rest.end());
    return members;
}

}  // namespace sy::iptables
