// One socket of a client, call by call: for tests of what the calls themselves do.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "tests/support/probe.h"

namespace sy::lab {

/// What a client socket is.
struct SocketKind {
    enum class Type : uint8_t { tcp, udp };
    Type type = Type::tcp;
    Family family = Family::ipv4;
    /// An IPv6 socket that speaks IPv4; `family` is IPv4 then.
    bool mapped = false;
};

/// Non-blocking and bound to nothing. Calls yield 0 or an errno; addresses are never v4-mapped.
class ClientSocket {
  public:
    /// Does something where the client lives, see Lab::in().
    using There = std::function<void(const std::function<void()>&)>;

    ClientSocket(const Lab& lab, Place place, const SocketKind& kind);
    ClientSocket(There there, const SocketKind& kind);

    int bind(const EndpointAddr& own);
    /// EINPROGRESS is not awaited.
    int connect(const EndpointAddr& to);
    /// As a blocking connect() would end.
    int connect_and_wait(const EndpointAddr& to);
    /// connect() to AF_UNSPEC.
    int disconnect();
    int send();
    int send_to(const EndpointAddr& to);

    struct Received {
        /// 0, an errno, or ETIMEDOUT if nothing came in time.
        int error = 0;
        Greeting greeting;
        /// Source as the call shows it.
        EndpointAddr from;
    };
    Received receive(std::chrono::milliseconds patience = kPatience);
    /// Sends and receives.
    Received ask();
    Received ask(const EndpointAddr& to);

    EndpointAddr own() const;
    EndpointAddr peer() const;
    /// Waits until connect() has ended: 0, an errno, or ETIMEDOUT.
    int connected(std::chrono::milliseconds patience = kPatience);

  private:
    There there_;
    SocketKind kind_;
    Fd fd_;
};

}  // namespace sy::lab
