#include "backends/ebpf/node_settings.h"

#include <algorithm>

namespace sy::ebpf {
namespace {

bool has_detector(const LocalDetector& detector, Family family) {
    if (const auto* networks = std::get_if<CidrDetector>(&detector)) {
        return std::ranges::any_of(networks->cidrs,
                                   [&](const Cidr& cidr) { return cidr.family() == family; });
    }
    return std::holds_alternative<InterfaceDetector>(detector);
}

}  // namespace

uint32_t fact_flags(const NodeFacts& facts) {
    // A hook cannot masquerade: pods keep to the packet path, which can.
    uint32_t flags = facts.masquerade_all ? SY_SETTING_HOST_ONLY : 0;
    for (const auto family : kFamilies) {
        const bool ipv4 = family == Family::ipv4;
        if (!has_detector(facts.detector, family)) {
            flags |= ipv4 ? SY_SETTING_NO_DETECTOR4 : SY_SETTING_NO_DETECTOR6;
        }
        if (std::ranges::any_of(facts.nodeport_addresses, [&](const IpAddr& address) {
                return address.family() == family;
            })) {
            flags |= ipv4 ? SY_SETTING_LOOPBACK4 : SY_SETTING_LOOPBACK6;
        }
    }
    return flags;
}

}  // namespace sy::ebpf
