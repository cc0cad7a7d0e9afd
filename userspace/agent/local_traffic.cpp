#include "agent/local_traffic.h"

#include <algorithm>
#include <span>

namespace sy {
namespace {

LocalDetector by_network(std::span<const Cidr> cidrs) {
    CidrDetector detector;
    for (const Family family : kFamilies) {
        const auto first = std::find_if(cidrs.begin(), cidrs.end(), [family](const Cidr& cidr) {
            return cidr.family() == family;
        });
        if (first != cidrs.end()) {
            detector.cidrs.push_back(*first);
        }
    }
    if (detector.cidrs.empty()) {
        return NoDetector{};
    }
    return detector;
}

}  // namespace

std::string_view to_string(DetectLocalMode mode) {
    switch (mode) {
        case DetectLocalMode::cluster_cidr:
            return "ClusterCIDR";
        case DetectLocalMode::node_cidr:
            return "NodeCIDR";
        case DetectLocalMode::bridge_interface:
            return "BridgeInterface";
        case DetectLocalMode::interface_name_prefix:
            return "InterfaceNamePrefix";
    }
    return "";
}

LocalDetector local_detector(const DetectLocal& flags, const Node* node) {
    switch (flags.mode) {
        case DetectLocalMode::cluster_cidr:
            return by_network(flags.cluster_cidrs);
        case DetectLocalMode::node_cidr:
            return node == nullptr ? NoDetector{} : by_network(node->pod_cidrs);
        case DetectLocalMode::bridge_interface:
            return InterfaceDetector{.name = flags.interface, .is_prefix = false};
        case DetectLocalMode::interface_name_prefix:
            return InterfaceDetector{.name = flags.interface, .is_prefix = true};
    }
    return NoDetector{};
}

}  // namespace sy
