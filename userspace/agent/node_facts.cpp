#include "agent/node_facts.h"

#include <utility>

namespace sy {

ComputedFacts node_facts(const NodeOptions& options, std::span<const IpAddr> interface_addresses,
                         const Node* node, std::vector<Cidr> service_cidrs) {
    const NodeIps ips = node_ips(options.bind_address,
                                 node == nullptr ? std::span<const IpAddr>{} : node->addresses);
    auto nodeports = nodeport_addresses(options.nodeports, interface_addresses, ips);
    ComputedFacts out;
    out.facts.nodeport_addresses = std::move(nodeports.addresses);
    out.facts.service_cidrs = std::move(service_cidrs);
    out.facts.detector = local_detector(options.detect_local, node);
    out.facts.masquerade_all = options.masquerade_all;
    out.unknown_primary = std::move(nodeports.unknown_primary);
    out.missing_pod_cidrs = options.detect_local.mode == DetectLocalMode::node_cidr &&
                            std::holds_alternative<NoDetector>(out.facts.detector);
    return out;
}

}  // namespace sy
