// Which of the node's addresses serve NodePorts.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/ip.h"

namespace sy {

/// Value of --nodeport-addresses.
struct NodePortSelection {
    /// Only the node's own IPs. Excludes `cidrs`.
    bool primary = true;
    /// Addresses inside these networks. Per family: none of that family means all addresses.
    std::vector<Cidr> cidrs;

    friend bool operator==(const NodePortSelection&, const NodePortSelection&) = default;
};

/// The node's own IP per family.
struct NodeIps {
    std::optional<IpAddr> ipv4;
    std::optional<IpAddr> ipv6;

    const std::optional<IpAddr>& of(Family family) const {
        return family == Family::ipv4 ? ipv4 : ipv6;
    }
    friend bool operator==(const NodeIps&, const NodeIps&) = default;
};

/// `bind_address`, unless unspecified, is the node's IP of its family; otherwise the first of the
/// Node object's addresses of each family.
NodeIps node_ips(const std::optional<IpAddr>& bind_address,
                 std::span<const IpAddr> node_object_addresses);

struct NodePortAddresses {
    /// Sorted, without duplicates, never loopback, always addresses of an interface.
    std::vector<IpAddr> addresses;
    /// Families without NodePorts because `primary` is asked for and no node IP is known, although
    /// an interface has an address that is not link-local.
    std::vector<Family> unknown_primary;

    friend bool operator==(const NodePortAddresses&, const NodePortAddresses&) = default;
};

/// Applies `selection` to the addresses the interfaces have now.
NodePortAddresses nodeport_addresses(const NodePortSelection& selection,
                                     std::span<const IpAddr> interface_addresses,
                                     const NodeIps& ips);

}  // namespace sy
