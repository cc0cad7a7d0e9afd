// Virtual servers and their destinations in the words of the kernel's generic netlink family IPVS.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <string>

#include "backends/ipvs/kernel.h"
#include "backends/ipvs/kernel/message.h"

namespace sy::ipvs {

/// Any virtual server: found by a mark, or by protocol, address and port.
struct AnyServer {
    Family family = Family::ipv4;
    std::optional<uint32_t> mark{};
    uint16_t protocol = 0;
    EndpointAddr address{};
    std::string scheduler{};

    friend bool operator==(const AnyServer&, const AnyServer&) = default;
};

/// The change as it is asked for: an addition of something that is there is refused.
void write_change(Message& message, uint16_t ipvs, const Change& change);
/// The same for something that turned out to be there: brings it to what the addition asked for.
void write_correction(Message& message, uint16_t ipvs, const Change& addition);
/// Removes a server that is found by protocol, address and port.
void write_removal(Message& message, uint16_t ipvs, const AnyServer& server);

/// Asks for all servers.
void write_server_list(Message& message, uint16_t ipvs);
std::optional<AnyServer> read_server(const nlmsghdr& message);

/// Asks for the destinations of a server: nothing if there is no such server.
void write_destination_list(Message& message, uint16_t ipvs, const ServerKey& server);
/// The same of a server that is found by protocol, address and port.
void write_destination_list(Message& message, uint16_t ipvs, const AnyServer& server);
std::optional<Activity> read_destination(const nlmsghdr& message, const ServerKey& server);

/// Seconds after which connections are forgotten. 0: not to be changed.
struct Timeouts {
    uint32_t tcp = 0;
    uint32_t tcp_fin = 0;
    uint32_t udp = 0;

    friend bool operator==(const Timeouts&, const Timeouts&) = default;
};
void write_timeouts(Message& message, uint16_t ipvs, const Timeouts& timeouts);
void write_timeouts_question(Message& message, uint16_t ipvs);
Timeouts read_timeouts(const nlmsghdr& message);

}  // namespace sy::ipvs
