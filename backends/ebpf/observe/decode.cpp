#include "backends/ebpf/observe/decode.h"

#include <array>
#include <cstring>
#include <span>
#include <string_view>

namespace sy::ebpf {
namespace {

/// Text in a field of fixed size.
template <std::size_t Size>
std::string text_of(const char (&field)[Size]) {
    return {field, strnlen(field, Size)};
}

EndpointAddr address_of(const __u32 (&words)[4], __u16 port, bool ipv6) {
    std::array<uint8_t, sizeof words> bytes{};
    std::memcpy(bytes.data(), words, sizeof words);
    const auto used = std::span<const uint8_t>(bytes).first(ipv6 ? 16 : 4);
    std::array<uint8_t, sizeof port> number{};
    std::memcpy(number.data(), &port, sizeof port);
    return {.ip = IpAddr::from_bytes(used).value_or(IpAddr{}),
            .port = Port(static_cast<uint16_t>(number[0] << 8U | number[1]))};
}

}  // namespace

Observation decode(const sy_event& event, std::chrono::system_clock::time_point boot) {
    const bool ipv6 = event.ipv6 != 0;
    Observation out;
    out.time = boot + std::chrono::duration_cast<std::chrono::system_clock::duration>(
                          std::chrono::nanoseconds(event.time));
    out.pid = event.pid;
    out.uid = event.uid;
    out.process = text_of(event.command);
    out.cgroup_id = event.cgroup;
    out.netns = event.netns;
    out.protocol = static_cast<Protocol>(event.protocol);
    out.vip = address_of(event.vip, event.vip_port, ipv6);
    out.endpoint = address_of(event.address, event.port, ipv6);
    out.refused = event.verdict == SY_VERDICT_REFUSED;
    out.connected = event.connected != 0;
    return out;
}

std::string service_of(const sy_name& name) {
    return text_of(name.text);
}

}  // namespace sy::ebpf
