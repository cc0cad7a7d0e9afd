#include "backends/ipvs/local_routes.h"

#include <algorithm>

#include "backends/nftables/numbers.h"

namespace sy::ipvs {
namespace {

bool is_link_local(const IpAddr& address) {
    static const auto kLinkLocal = Cidr::parse("fe80::/10");
    return kLinkLocal->contains(address);
}

bool on_interface(const Locality& around, const IpAddr& address) {
    return std::ranges::binary_search(around.interface_addresses, address);
}

std::optional<IpAddr> source_of(const NodeFacts& facts, const std::vector<IpAddr>& on_interfaces,
                                Family family) {
    for (const auto& address : facts.nodeport_addresses) {
        if (address.family() == family && std::ranges::binary_search(on_interfaces, address)) {
            return address;
        }
    }
    for (const auto& address : on_interfaces) {
        if (address.family() == family && !is_link_local(address)) {
            return address;
        }
    }
    return std::nullopt;
}

std::optional<LocalRoute> route_to(const Locality& around, const Cidr& network) {
    const auto& source = around.sources[nft::index_of(network.family())];
    return source ? std::optional(LocalRoute{network, *source}) : std::nullopt;
}

}  // namespace

Locality locality_of(const NodeFacts& facts, std::vector<IpAddr> interface_addresses) {
    Locality around;
    around.service_cidrs = facts.service_cidrs;
    for (const auto family : kFamilies) {
        around.sources[nft::index_of(family)] = source_of(facts, interface_addresses, family);
    }
    around.interface_addresses = std::move(interface_addresses);
    return around;
}

std::optional<LocalRoute> route_for(const Locality& around, const IpAddr& address) {
    const bool covered = std::ranges::any_of(
        around.service_cidrs, [&](const Cidr& cidr) { return cidr.contains(address); });
    if (covered || on_interface(around, address)) {
        return std::nullopt;
    }
    constexpr unsigned kBits4 = 32;
    constexpr unsigned kBits6 = 128;
    const auto whole = Cidr::make(address, address.family() == Family::ipv4 ? kBits4 : kBits6);
    return whole ? route_to(around, *whole) : std::nullopt;
}

bool is_held_back(const Locality& around, const nft::Element& element) {
    if (element.set() != nft::SetId::vips) {
        return false;
    }
    const auto address = service_address(element);
    return address && on_interface(around, *address);
}

std::vector<LocalRoute> routes_for(const Locality& around, std::span<const nft::Element> elements) {
    std::vector<LocalRoute> routes;
    const auto add = [&routes](const std::optional<LocalRoute>& route) {
        if (route) {
            routes.push_back(*route);
        }
    };
    for (const auto& cidr : around.service_cidrs) {
        add(route_to(around, cidr));
    }
    for (const auto& element : elements) {
        if (const auto address = service_address(element)) {
            add(route_for(around, *address));
        }
    }
    std::ranges::sort(routes);
    const auto rest = std::ranges::unique(routes);
    routes.erase(rest.begin(), rest.end());
    return routes;
}

std::optional<IpAddr> service_address(const nft::Element& element) {
    const bool has = element.set() == nft::SetId::cluster_ips || element.set() == nft::SetId::vips;
    return has ? IpAddr::from_bytes(element.key()) : std::nullopt;
}

}  // namespace sy::ipvs
