#include "backends/ipvs/kernel/route_messages.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "backends/ipvs/kernel/attributes.h"

namespace sy::ipvs {

void write_route(Message& message, const RouteChange& change, uint32_t loopback) {
    const auto& [network, source] = change.route;
    const bool ipv4 = network.family() == Family::ipv4;
    message.begin(change.remove ? RTM_DELROUTE : RTM_NEWROUTE,
                  change.remove ? 0 : NLM_F_CREATE | NLM_F_REPLACE);
    message.put_header(
        rtmsg{.rtm_family = static_cast<uint8_t>(ipv4 ? AF_INET : AF_INET6),
              .rtm_dst_len = static_cast<uint8_t>(network.prefix()),
              .rtm_src_len = 0,
              .rtm_tos = 0,
              .rtm_table = RT_TABLE_LOCAL,
              .rtm_protocol = kRouteProtocol,
              .rtm_scope = ipv4 ? uint8_t{RT_SCOPE_HOST} : uint8_t{RT_SCOPE_UNIVERSE},
              .rtm_type = RTN_LOCAL,
              .rtm_flags = 0});
    message.put(RTA_DST, network.first().bytes());
    message.put_u32(RTA_OIF, loopback);
    if (!change.remove) {
        message.put_u32(RTA_PRIORITY, kRouteMetric);
        message.put(RTA_PREFSRC, source.bytes());
    }
}

void write_route_list(Message& message, Family family) {
    message.begin(RTM_GETROUTE, NLM_F_DUMP);
    rtmsg header{};
    header.rtm_family = family == Family::ipv4 ? AF_INET : AF_INET6;
    message.put_header(header);
}

std::optional<LocalRoute> read_route(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWROUTE ||
        nlmsg_datalen(&message) < static_cast<int>(sizeof(rtmsg))) {
        return std::nullopt;
    }
    const auto& header = *static_cast<const rtmsg*>(nlmsg_data(&message));
    if (header.rtm_protocol != kRouteProtocol || header.rtm_table != RT_TABLE_LOCAL ||
        header.rtm_type != RTN_LOCAL ||
        (header.rtm_family != AF_INET && header.rtm_family != AF_INET6)) {
        return std::nullopt;
    }
    const Family family = header.rtm_family == AF_INET ? Family::ipv4 : Family::ipv6;
    const Attributes<RTA_MAX> told(message, sizeof header);
    const auto network =
        Cidr::make(told.address(RTA_DST, family).value_or(unspecified(family)), header.rtm_dst_len);
    if (!network) {
        return std::nullopt;
    }
    return LocalRoute{*network, told.address(RTA_PREFSRC, family).value_or(unspecified(family))};
}

void write_address_list(Message& message) {
    message.begin(RTM_GETADDR, NLM_F_DUMP);
    message.put_header(ifaddrmsg{});  // of every family
}

std::optional<HeldAddress> read_address(const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWADDR ||
        nlmsg_datalen(&message) < static_cast<int>(sizeof(ifaddrmsg))) {
        return std::nullopt;
    }
    const auto& header = *static_cast<const ifaddrmsg*>(nlmsg_data(&message));
    if (header.ifa_family != AF_INET && header.ifa_family != AF_INET6) {
        return std::nullopt;
    }
    const Family family = header.ifa_family == AF_INET ? Family::ipv4 : Family::ipv6;
    const Attributes<IFA_MAX> told(message, sizeof header);
    // On a point-to-point link IFA_ADDRESS is the peer's.
    auto ip = told.address(IFA_LOCAL, family);
    ip = ip ? ip : told.address(IFA_ADDRESS, family);
    return ip ? std::optional(HeldAddress{header.ifa_index, *ip}) : std::nullopt;
}

}  // namespace sy::ipvs
