// Local routes and interface addresses in the words of rtnetlink.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>

#include "backends/ipvs/kernel.h"
#include "backends/ipvs/kernel/message.h"

namespace sy::ipvs {

/// Our number among those who make routes (`ip route … proto 88`): by it they are recognised.
inline constexpr uint8_t kRouteProtocol = 88;
/// Metric of our routes. The kernel replaces a route by network and metric, whoever made it: this
/// keeps ours apart from the kernel's own route of the same address, which has 0.
inline constexpr uint32_t kRouteMetric = 88;

/// `loopback`: index of the interface lo.
void write_route(Message& message, const RouteChange& change, uint32_t loopback);
void write_route_list(Message& message, Family family);
/// A route of ours; nothing for any other. One whose source address is gone has source 0.
std::optional<LocalRoute> read_route(const nlmsghdr& message);

/// An address of an interface.
struct HeldAddress {
    uint32_t interface = 0;
    IpAddr ip;
};
void write_address_list(Message& message);
std::optional<HeldAddress> read_address(const nlmsghdr& message);

}  // namespace sy::ipvs
