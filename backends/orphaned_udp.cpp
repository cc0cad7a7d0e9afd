#include "backends/orphaned_udp.h"

namespace sy {

void OrphanedUdp::claim(const ServicePlan& plan) {
    for (const auto& port : plan.ports) {
        for (const auto& frontend : port.frontends) {
            if (port.protocol == Protocol::udp) {
                const bool any = frontend.kind == FrontendKind::node_port;
                found_.erase({any ? unspecified(port.family) : frontend.address, frontend.port});
            }
        }
    }
}

std::vector<EndpointAddr> OrphanedUdp::at(const NodeFacts& facts) const {
    std::vector<EndpointAddr> result;
    for (const auto& frontend : found_) {
        if (!frontend.ip.is_unspecified()) {
            result.push_back(frontend);
            continue;
        }
        for (const auto& address : facts.nodeport_addresses) {
            if (address.family() == frontend.ip.family()) {
                result.push_back({address, frontend.port});
            }
        }
    }
    return result;
}

}  // namespace sy
