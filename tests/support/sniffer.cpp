#include "tests/support/sniffer.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "tests/support/socket_address.h"

namespace sy::lab {
namespace {

Port port_at(std::span<const uint8_t> bytes, std::size_t at) {
    return at + 1 < bytes.size() ? Port(static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]))
                                 : Port();
}

bool has_ports(uint8_t protocol) {
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

/// `bytes` begin with the IP header. The lab sends neither fragments nor extension headers.
std::optional<SeenPacket> read_packet(std::span<const uint8_t> bytes) {
    if (bytes.empty()) {
        return std::nullopt;
    }
    SeenPacket packet;
    std::size_t header = 40;
    if (bytes[0] >> 4 == 4 && bytes.size() >= 20) {
        header = static_cast<std::size_t>(bytes[0] & 0xf) * 4;
        packet.protocol = bytes[9];
        packet.source = IpAddr::from_bytes(bytes.subspan(12, 4)).value();
        packet.destination = IpAddr::from_bytes(bytes.subspan(16, 4)).value();
    } else if (bytes[0] >> 4 == 6 && bytes.size() >= 40) {
        packet.protocol = bytes[6];
        packet.source = IpAddr::from_bytes(bytes.subspan(8, 16)).value();
        packet.destination = IpAddr::from_bytes(bytes.subspan(24, 16)).value();
    } else {
        return std::nullopt;
    }
    if (has_ports(packet.protocol)) {
        packet.source_port = port_at(bytes, header);
        packet.destination_port = port_at(bytes, header + 2);
    }
    return packet;
}

}  // namespace

Sniffer::Sniffer(const Lab& lab, Place place, std::string_view interface) {
    Entered inside(lab.at(place));
    fd_ = Fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    sockaddr_ll link{};
    link.sll_family = AF_PACKET;
    link.sll_protocol = htons(ETH_P_ALL);
    link.sll_ifindex = static_cast<int>(::if_nametoindex(std::string(interface).c_str()));
    if (!fd_ || link.sll_ifindex == 0 ||
        ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&link), sizeof link) != 0) {
        std::perror("sniffer");
        std::abort();
    }
}

const std::vector<SeenPacket>& Sniffer::packets() {
    std::array<uint8_t, 2048> buffer;
    for (ssize_t n; (n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0)) >= 0;) {
        if (auto packet = read_packet(std::span(buffer).first(static_cast<std::size_t>(n)))) {
            packets_.push_back(*packet);
        }
    }
    return packets_;
}

bool Sniffer::saw_to(const IpAddr& destination) {
    return std::ranges::any_of(
        packets(), [&](const SeenPacket& packet) { return packet.destination == destination; });
}

bool Sniffer::saw_from(const EndpointAddr& source) {
    return std::ranges::any_of(packets(), [&](const SeenPacket& packet) {
        return packet.source == source.ip && packet.source_port == source.port;
    });
}

}  // namespace sy::lab
