// Ending other processes' sockets (SOCK_DESTROY).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/net.h"
#include "base/result.h"
#include "os/netlink.h"

namespace sy {

/// A connected UDP socket as the kernel finds it.
struct UdpSocket {
    EndpointAddr local;
    EndpointAddr remote;
    /// An IPv6 socket that speaks IPv4; the addresses are IPv4 addresses then.
    bool mapped = false;
    /// Index of the interface it is bound to, 0: none.
    uint32_t interface = 0;
    /// Tells it from a later one with the same addresses.
    uint64_t cookie = 0;
};

/// The netlink message that ends the socket.
std::vector<uint8_t> destroy_message(const UdpSocket& socket, uint32_t sequence);

/// Belongs to the network namespace in which it was opened; may be used on another thread.
class SocketDestroyer {
  public:
    static Result<SocketDestroyer> open();

    /// True if it was ended, false if it is gone or connected elsewhere. Its owner's calls fail
    /// with ECONNABORTED or EDESTADDRREQ until it connects again. Fails with EOPNOTSUPP if the
    /// kernel cannot do this.
    Result<bool> destroy(const UdpSocket& socket);

  private:
    explicit SocketDestroyer(NetlinkSocket socket) : socket_(std::move(socket)) {}

    Result<int> ask(const std::vector<uint8_t>& message);
    Result<bool> knows_udp();

    NetlinkSocket socket_;
    std::vector<uint8_t> buffer_;
    uint32_t sequence_ = 0;
    bool knows_udp_ = false;
};

}  // namespace sy
