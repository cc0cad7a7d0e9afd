// A netlink socket: moves bytes, knows nothing of what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace sy {

/// One bound netlink socket in the network namespace in which it was opened (it stays there
/// whatever namespace the thread enters later). Closing it ends all its subscriptions.
class NetlinkSocket {
  public:
    /// `protocol` is NETLINK_ROUTE, NETLINK_NETFILTER, …
    static Result<NetlinkSocket> open(int protocol);

    int fd() const { return fd_.get(); }
    /// What the kernel calls this socket; notifications name the port that caused them.
    uint32_t port_id() const { return port_id_; }

    /// Joins / leaves a multicast group (NETLINK_ADD_MEMBERSHIP).
    Result<void> join(unsigned group);
    Result<void> leave(unsigned group);
    /// Raises the send / receive buffer to at least `bytes` (SO_SNDBUFFORCE, SO_RCVBUFFORCE).
    Result<void> reserve_send(std::size_t bytes);
    Result<void> reserve_receive(std::size_t bytes);

    /// Sends one datagram to the kernel. EMSGSIZE if the send buffer is too small.
    Result<void> send(std::span<const uint8_t> datagram);
    /// Receives one datagram into `buffer` (which is grown as needed) and returns its part in use.
    /// With `wait` false an empty span means that nothing is there. ENOBUFS: messages were lost.
    Result<std::span<const uint8_t>> receive(std::vector<uint8_t>& buffer, bool wait);

  private:
    NetlinkSocket(Fd fd, uint32_t port_id) : fd_(std::move(fd)), port_id_(port_id) {}

    Fd fd_;
    uint32_t port_id_ = 0;
};

}  // namespace sy
