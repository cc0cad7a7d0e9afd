#include "base/net.h"

#include <array>

namespace sy {
namespace {

constexpr std::array<Protocol, 3> kProtocols{Protocol::tcp, Protocol::udp, Protocol::sctp};

}  // namespace

std::string_view to_string(Protocol protocol) {
    switch (protocol) {
        case Protocol::tcp:
            return "TCP";
        case Protocol::udp:
            return "UDP";
        case Protocol::sctp:
            return "SCTP";
    }
    return "?";
}

std::optional<Protocol> parse_protocol(std::string_view text) {
    for (const auto protocol : kProtocols) {
        if (to_string(protocol) == text) {
            return protocol;
        }
    }
    return std::nullopt;
}

std::string SocketAddress::to_string() const {
    const bool brackets = ip.family() == Family::ipv6;
    return (brackets ? "[" : "") + ip.to_string() + (brackets ? "]:" : ":") +
           std::to_string(port.number());
}

}  // namespace sy
