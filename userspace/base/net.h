// Transport vocabulary shared by the model and the backends.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace sy {

/// Transport protocol; the value is its IANA protocol number.
enum class Protocol : uint8_t { tcp = 6, udp = 17, sctp = 132 };

/// "TCP", "UDP" or "SCTP", the spelling of the Kubernetes API.
std::string_view to_string(Protocol protocol);
/// Inverse of to_string; exact spelling only.
std::optional<Protocol> parse_protocol(std::string_view text);

/// A transport port. Never implicitly a number, so it cannot meet a mark or an id.
class Port {
  public:
    constexpr Port() = default;
    constexpr explicit Port(uint16_t number) : number_(number) {}

    constexpr uint16_t number() const { return number_; }
    /// The one door to network byte order.
    constexpr uint16_t be16() const {
        return static_cast<uint16_t>((number_ >> 8) | (number_ << 8));
    }

    friend constexpr auto operator<=>(Port, Port) = default;

  private:
    uint16_t number_ = 0;
};

/// Where a translated packet goes.
struct EndpointAddr {
    IpAddr ip;
    Port port;

    friend constexpr auto operator<=>(const EndpointAddr&, const EndpointAddr&) = default;
};

/// Where one of our servers listens.
struct SocketAddress {
    IpAddr ip;
    Port port;

    /// "127.0.0.1:10249", "[::1]:10249".
    std::string to_string() const;
    friend constexpr auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

}  // namespace sy

template <>
struct std::hash<sy::EndpointAddr> {
    std::size_t operator()(const sy::EndpointAddr& e) const noexcept {
        return std::hash<sy::IpAddr>{}(e.ip) * 31 + e.port.number();
    }
};
