// A socket of the lab, as a program would use it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/ip.h"
#include "base/net.h"
#include "os/fd.h"
#include "tests/support/lab.h"
#include "tests/support/responder.h"

namespace sy::bpf_test {

/// IPv4 can be spoken on sockets of both families.
struct Flavor {
    Family socket = Family::ipv4;
    Family flow = Family::ipv4;

    bool mapped() const { return socket != flow; }
    /// "IPv4", "IPv6" or "Mapped".
    std::string to_string() const;
    IpAddr pick(const IpAddr& v4, const IpAddr& v6) const { return flow == Family::ipv4 ? v4 : v6; }
};

inline constexpr Flavor kV4{Family::ipv4, Family::ipv4};
inline constexpr Flavor kMapped{Family::ipv6, Family::ipv4};
inline constexpr Flavor kV6{Family::ipv6, Family::ipv6};

/// A datagram, or the first bytes of a connection.
struct Reply {
    lab::Greeting greeting;
    /// Whom recvfrom() names as the sender.
    EndpointAddr from;
};

/// TCP or UDP. Addresses are told and given as those of the flow; an IPv6 socket that shows an IPv4
/// flow as anything but ::ffff:a.b.c.d gives that other address. Where a number is returned, it is
/// 0 or an errno.
class Client {
  public:
    Client(lab::Place place, Flavor flavor, Protocol protocol);

    /// An IPv6 socket can go on with flows of the other family.
    void speak(Flavor flavor) { flavor_ = flavor; }
    int bind(const IpAddr& address);
    int connect(const EndpointAddr& to);
    /// Does not wait: EINPROGRESS where the network is asked.
    int connect_at_once(const EndpointAddr& to);
    /// Waits until a connect_at_once() is over.
    int finish();
    /// connect() to AF_UNSPEC.
    int disconnect();
    int send();
    int send_to(const EndpointAddr& to);
    /// The answer of a server of the lab.
    std::optional<Reply> receive(std::chrono::milliseconds patience = std::chrono::seconds(15));
    /// send_to() and receive().
    std::optional<Reply> ask(const EndpointAddr& to);

    EndpointAddr peer() const;
    EndpointAddr own() const;
    int fd() const { return fd_.get(); }

  private:
    Flavor flavor_;
    Fd fd_;
};

}  // namespace sy::bpf_test
