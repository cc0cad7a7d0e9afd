#include "backends/nftables/node_elements.h"

#include <algorithm>

#include "backends/nftables/vocabulary.h"

namespace sy::nft {
namespace {

/// Networks that lie inside another one of the list are left out: the kernel refuses overlaps.
void add_networks(SetId set, const std::vector<Cidr>& networks, std::vector<Element>& out) {
    for (const auto& network : networks) {
        const bool covered = std::ranges::any_of(networks, [&](const Cidr& other) {
            return other.prefix() < network.prefix() && other.contains(network.first());
        });
        if (!covered) {
            out.push_back(network_element(set, network));
        }
    }
}

}  // namespace

std::vector<Element> node_elements(const NodeFacts& facts) {
    std::vector<Element> elements;
    elements.reserve(facts.nodeport_addresses.size());
    for (const auto& address : facts.nodeport_addresses) {
        elements.push_back(address_element(SetId::nodeport_ips, address));
    }
    add_networks(SetId::service_cidrs, facts.service_cidrs, elements);
    if (const auto* detector = std::get_if<CidrDetector>(&facts.detector)) {
        add_networks(SetId::pod_cidrs, detector->cidrs, elements);
    }
    std::ranges::sort(elements);
    const auto duplicates = std::ranges::unique(elements);
    elements.erase(duplicates.begin(), duplicates.end());
    return elements;
}

bool is_node_interval(SetId set) {
    return set == SetId::pod_cidrs || set == SetId::service_cidrs;
}

}  // namespace sy::nft
