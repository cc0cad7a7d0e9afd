// Between our address types and the socket API's.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/ip.h"
#include "base/net.h"

namespace sy::lab {

/// A sockaddr of either family.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);

    SocketAddress() = default;
    SocketAddress(const IpAddr& ip, Port port);

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    EndpointAddr endpoint() const;
};

/// AF_INET or AF_INET6.
constexpr int domain(Family family) {
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

/// Local end of a bound or connected socket.
EndpointAddr local_end(int fd);

}  // namespace sy::lab
