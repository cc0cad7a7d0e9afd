// Which addresses of Services have to be made local to this node, and how.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "backends/backend.h"
#include "backends/ipvs/kernel.h"
#include "backends/nftables/element.h"

namespace sy::ipvs {

/// What routes depend on besides the Services.
struct Locality {
    std::vector<Cidr> service_cidrs;
    /// Addresses that sit on an interface, sorted.
    std::vector<IpAddr> interface_addresses;
    /// Source of what processes of this node send to a VIP, per family; nothing: the family is not
    /// in use here.
    std::array<std::optional<IpAddr>, 2> sources;

    friend bool operator==(const Locality&, const Locality&) = default;
};
/// The source is the first address that serves NodePorts and sits on an interface, else the first
/// global one of an interface.
Locality locality_of(const NodeFacts& facts, std::vector<IpAddr> interface_addresses);

/// The route an address of cluster_ips or vips needs. Nothing if it sits on an interface: its other
/// ports belong to the host. Nothing if a ServiceCIDR covers it.
std::optional<LocalRoute> route_for(const Locality& around, const IpAddr& address);
/// Whether the element must not be in the table: one of vips whose address sits on an interface.
bool is_held_back(const Locality& around, const nft::Element& element);
/// The routes for the ServiceCIDRs and for the addresses among `elements`, sorted, unique.
std::vector<LocalRoute> routes_for(const Locality& around, std::span<const nft::Element> elements);
/// The address of an element of cluster_ips or vips; nothing for other elements.
std::optional<IpAddr> service_address(const nft::Element& element);

}  // namespace sy::ipvs
