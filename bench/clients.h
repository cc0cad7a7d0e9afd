// Clients and a server for datapath measurements, on loopback sockets of one network namespace.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "base/net.h"
#include "os/fd.h"

namespace sy::bench {

/// Port on which the server answers, on every local IPv4 address.
inline constexpr Port kServed{8080};

/// Accepts TCP connections, echoes what they send, and swallows UDP datagrams. Lives in the network
/// namespace of the thread that made it.
class EchoServer {
  public:
    EchoServer();
    EchoServer(const EchoServer&) = delete;
    EchoServer& operator=(const EchoServer&) = delete;
    ~EchoServer();

    /// TCP connections accepted so far; shared with processes that are forked.
    uint64_t accepted() const { return *accepted_; }

  private:
    void loop();

    std::atomic<uint64_t>* accepted_;

    Fd tcp_;
    Fd udp_;
    Fd stop_;
    std::thread thread_;
};

/// What a series of equal operations took.
struct Series {
    double p50 = 0;  // microseconds
    double p99 = 0;
    double per_second = 0;
};

/// Connects and closes `count` times, to the targets in turn; the times are of connect() alone, the
/// rate of socket, connect and close. Pauses now and then until the server has accepted all: when
/// its queue is full, connects take seconds. Ends the program if a connection fails.
Series connects(const EchoServer& server, std::span<const EndpointAddr> targets, uint32_t count);
/// One byte there and back over one connection, `count` times.
Series round_trips(const EndpointAddr& target, uint32_t count);
/// Blocks of 16 KiB there and back over one connection, `count` of them: MB per second one way.
double bulk(const EndpointAddr& target, uint32_t count);
/// Datagrams on one unconnected socket, to the targets in turn.
Series datagrams(std::span<const EndpointAddr> targets, uint32_t count);
/// Datagrams on one connected socket.
Series connected_datagrams(const EndpointAddr& target, uint32_t count);

}  // namespace sy::bench
