#include "backends/ipvs/kernel/server_messages.h"

#include <linux/ip_vs.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "backends/ipvs/kernel/attributes.h"

namespace sy::ipvs {
namespace {

/// Scheduler flag of mh: the client's port takes part. Without it all connections of a node that
/// masquerades would go to one endpoint; kube-proxy sets it as well.
constexpr uint32_t kMhPort = IP_VS_SVC_F_SCHED2;
/// nf_inet_addr, whatever the family.
constexpr std::size_t kAddressField = 16;

uint16_t address_family(Family family) {
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

std::optional<Family> family_of(std::optional<uint16_t> af) {
    if (af == AF_INET) {
        return Family::ipv4;
    }
    return af == AF_INET6 ? std::optional(Family::ipv6) : std::nullopt;
}

Port port_of(uint16_t be16) {
    return Port(Port(be16).be16());
}

void put_address(Message& message, int type, const IpAddr& ip) {
    std::array<uint8_t, kAddressField> field{};
    std::ranges::copy(ip.bytes(), field.begin());
    message.put(type, field);
}

void put_key(Message& message, const ServerKey& key) {
    message.put_u16(IPVS_SVC_ATTR_AF, address_family(key.family));
    message.put_u32(IPVS_SVC_ATTR_FWMARK, key.mark);
}

void put_server(Message& message, const Server& server) {
    message.nest(IPVS_CMD_ATTR_SERVICE, [&] {
        put_key(message, server.key);
        message.put_text(IPVS_SVC_ATTR_SCHED_NAME, server.scheduler);
        const ip_vs_flags flags{.flags = server.scheduler == "mh" ? kMhPort : 0, .mask = ~0U};
        message.put(IPVS_SVC_ATTR_FLAGS, {reinterpret_cast<const uint8_t*>(&flags), sizeof flags});
        // Of persistence, which is not used; the kernel wants both, and the netmask in range.
        message.put_u32(IPVS_SVC_ATTR_TIMEOUT, 0);
        message.put_u32(IPVS_SVC_ATTR_NETMASK, server.key.family == Family::ipv4 ? ~0U : 128);
    });
}

void put_address_key(Message& message, const AnyServer& server) {
    message.nest(IPVS_CMD_ATTR_SERVICE, [&] {
        message.put_u16(IPVS_SVC_ATTR_AF, address_family(server.family));
        message.put_u16(IPVS_SVC_ATTR_PROTOCOL, server.protocol);
        put_address(message, IPVS_SVC_ATTR_ADDR, server.address.ip);
        message.put_u16(IPVS_SVC_ATTR_PORT, server.address.port.be16());
    });
}

void put_server_key(Message& message, const ServerKey& key) {
    message.nest(IPVS_CMD_ATTR_SERVICE, [&] { put_key(message, key); });
}

void put_destination(Message& message, const Destination& destination, bool whole) {
    put_server_key(message, destination.server);
    message.nest(IPVS_CMD_ATTR_DEST, [&] {
        const auto& [ip, port] = destination.address;
        message.put_u16(IPVS_DEST_ATTR_ADDR_FAMILY, address_family(ip.family()));
        put_address(message, IPVS_DEST_ATTR_ADDR, ip);
        message.put_u16(IPVS_DEST_ATTR_PORT, port.be16());
        if (whole) {
            message.put_u32(IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_MASQ);
            message.put_u32(IPVS_DEST_ATTR_WEIGHT, destination.weight);
            message.put_u32(IPVS_DEST_ATTR_U_THRESH, 0);
            message.put_u32(IPVS_DEST_ATTR_L_THRESH, 0);
        }
    });
}

void write(Message& message, uint16_t ipvs, Change::Kind kind, const Change& change) {
    using enum Change::Kind;
    switch (kind) {
        case add_server:
        case set_server:
            message.begin_generic(
                ipvs, kind == add_server ? IPVS_CMD_NEW_SERVICE : IPVS_CMD_SET_SERVICE, 0);
            put_server(message, change.server);
            break;
        case remove_server:
            message.begin_generic(ipvs, IPVS_CMD_DEL_SERVICE, 0);
            put_server_key(message, change.server.key);
            break;
        case add:
        case set:
            message.begin_generic(ipvs, kind == add ? IPVS_CMD_NEW_DEST : IPVS_CMD_SET_DEST, 0);
            put_destination(message, change.destination, true);
            break;
        case remove:
            message.begin_generic(ipvs, IPVS_CMD_DEL_DEST, 0);
            put_destination(message, change.destination, false);
            break;
    }
}

}  // namespace

void write_change(Message& message, uint16_t ipvs, const Change& change) {
    write(message, ipvs, change.kind, change);
}

void write_correction(Message& message, uint16_t ipvs, const Change& addition) {
    using enum Change::Kind;
    write(message, ipvs, addition.kind == add_server ? set_server : set, addition);
}

void write_removal(Message& message, uint16_t ipvs, const AnyServer& server) {
    message.begin_generic(ipvs, IPVS_CMD_DEL_SERVICE, 0);
    put_address_key(message, server);
}

void write_server_list(Message& message, uint16_t ipvs) {
    message.begin_generic(ipvs, IPVS_CMD_GET_SERVICE, NLM_F_DUMP);
}

std::optional<AnyServer> read_server(const nlmsghdr& message) {
    const Attributes<IPVS_CMD_ATTR_MAX> top(message, GENL_HDRLEN);
    if (top[IPVS_CMD_ATTR_SERVICE] == nullptr) {
        return std::nullopt;
    }
    const Attributes<IPVS_SVC_ATTR_MAX> told(*top[IPVS_CMD_ATTR_SERVICE]);
    const auto family = family_of(told.u16(IPVS_SVC_ATTR_AF));
    const auto scheduler = told.bytes(IPVS_SVC_ATTR_SCHED_NAME);
    if (!family || !scheduler) {
        return std::nullopt;
    }
    const std::string_view name(reinterpret_cast<const char*>(scheduler->data()),
                                scheduler->size());
    AnyServer server{.family = *family,
                     .mark = told.u32(IPVS_SVC_ATTR_FWMARK),
                     .scheduler = std::string(name.substr(0, name.find('\0')))};
    if (!server.mark) {
        const auto ip = told.address(IPVS_SVC_ATTR_ADDR, *family);
        if (!ip) {
            return std::nullopt;
        }
        server.protocol = told.u16(IPVS_SVC_ATTR_PROTOCOL).value_or(0);
        server.address = {*ip, port_of(told.u16(IPVS_SVC_ATTR_PORT).value_or(0))};
    }
    return server;
}

void write_destination_list(Message& message, uint16_t ipvs, const ServerKey& server) {
    message.begin_generic(ipvs, IPVS_CMD_GET_DEST, NLM_F_DUMP);
    put_server_key(message, server);
}

void write_destination_list(Message& message, uint16_t ipvs, const AnyServer& server) {
    message.begin_generic(ipvs, IPVS_CMD_GET_DEST, NLM_F_DUMP);
    put_address_key(message, server);
}

std::optional<Activity> read_destination(const nlmsghdr& message, const ServerKey& server) {
    const Attributes<IPVS_CMD_ATTR_MAX> top(message, GENL_HDRLEN);
    if (top[IPVS_CMD_ATTR_DEST] == nullptr) {
        return std::nullopt;
    }
    const Attributes<IPVS_DEST_ATTR_MAX> told(*top[IPVS_CMD_ATTR_DEST]);
    const auto family = family_of(told.u16(IPVS_DEST_ATTR_ADDR_FAMILY));
    const auto ip = told.address(IPVS_DEST_ATTR_ADDR, family.value_or(server.family));
    const auto port = told.u16(IPVS_DEST_ATTR_PORT);
    if (!ip || !port) {
        return std::nullopt;
    }
    return Activity{.destination = {.server = server,
                                    .address = {*ip, port_of(*port)},
                                    .weight = told.u32(IPVS_DEST_ATTR_WEIGHT).value_or(0)},
                    .active = told.u32(IPVS_DEST_ATTR_ACTIVE_CONNS).value_or(0),
                    .inactive = told.u32(IPVS_DEST_ATTR_INACT_CONNS).value_or(0)};
}

void write_timeouts(Message& message, uint16_t ipvs, const Timeouts& timeouts) {
    message.begin_generic(ipvs, IPVS_CMD_SET_CONFIG, 0);
    message.put_u32(IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp);
    message.put_u32(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin);
    message.put_u32(IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp);
}

void write_timeouts_question(Message& message, uint16_t ipvs) {
    message.begin_generic(ipvs, IPVS_CMD_GET_CONFIG, NLM_F_ACK);
}

Timeouts read_timeouts(const nlmsghdr& message) {
    const Attributes<IPVS_CMD_ATTR_MAX> told(message, GENL_HDRLEN);
    return {.tcp = told.u32(IPVS_CMD_ATTR_TIMEOUT_TCP).value_or(0),
            .tcp_fin = told.u32(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN).value_or(0),
            .udp = told.u32(IPVS_CMD_ATTR_TIMEOUT_UDP).value_or(0)};
}

}  // namespace sy::ipvs
