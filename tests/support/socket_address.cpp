#include "tests/support/socket_address.h"

#include <cstring>

namespace sy::lab {

SocketAddress::SocketAddress(const IpAddr& ip, Port port) {
    if (ip.family() == Family::ipv4) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = port.be16();
        std::memcpy(&in.sin_addr, ip.bytes().data(), 4);
        std::memcpy(&storage, &in, sizeof in);
        size = sizeof in;
    } else {
        sockaddr_in6 in{};
        in.sin6_family = AF_INET6;
        in.sin6_port = port.be16();
        std::memcpy(&in.sin6_addr, ip.bytes().data(), 16);
        std::memcpy(&storage, &in, sizeof in);
        size = sizeof in;
    }
}

EndpointAddr SocketAddress::endpoint() const {
    if (storage.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &storage, sizeof in);
        uint8_t bytes[4];
        std::memcpy(bytes, &in.sin_addr, sizeof bytes);
        return {IpAddr::from_bytes(bytes).value(), Port(ntohs(in.sin_port))};
    }
    sockaddr_in6 in{};
    std::memcpy(&in, &storage, sizeof in);
    uint8_t bytes[16];
    std::memcpy(bytes, &in.sin6_addr, sizeof bytes);
    return {IpAddr::from_bytes(bytes).value(), Port(ntohs(in.sin6_port))};
}

EndpointAddr local_end(int fd) {
    SocketAddress local;
    ::getsockname(fd, local.get(), &local.size);
    return local.endpoint();
}

}  // namespace sy::lab
