#include "backends/iptables/digits.h"

#include <array>
#include <span>

#include "backends/iptables/text.h"

namespace sy::iptables {
namespace {

constexpr unsigned kBitsPerDigit = 4;
// The protocol and the digits of a port.
constexpr unsigned kPortTreeDigits = 5;

unsigned protocol_digit(Protocol protocol) {
    switch (protocol) {
        case Protocol::tcp:
            return 0;
        case Protocol::udp:
            return 1;
        case Protocol::sctp:
            return 2;
    }
    return 0;
}

/// "0.0.0.5/0.0.0.15"; a mask that is a prefix is printed as one.
std::string masked_address(const IpAddr& address, unsigned index) {
    const auto bytes = address.bytes();
    const auto place = bytes.size() - 1 - index / 2;
    const uint8_t digit_mask = index % 2 == 0 ? 0x0f : 0xf0;
    std::array<uint8_t, 16> value{};
    std::array<uint8_t, 16> mask{};
    value[place] = bytes[place] & digit_mask;
    mask[place] = digit_mask;
    const auto text = [&](const std::array<uint8_t, 16>& all) {
        return IpAddr::from_bytes(std::span(all).first(bytes.size()))->to_string();
    };
    const bool is_prefix = index + 1 == bytes.size() * 2;
    return text(value) + "/" + (is_prefix ? std::to_string(kBitsPerDigit) : text(mask));
}

std::string port_range(const LineKey& key, unsigned index) {
    const auto protocol = std::string(protocol_word(key.protocol));
    if (index == 0) {
        return "-p " + protocol;
    }
    const auto below = kBitsPerDigit * (kPortTreeDigits - 1 - index);
    const auto low = (static_cast<unsigned>(key.port.number()) >> below) << below;
    const auto high = low + (1U << below) - 1;
    auto text = "-p " + protocol + " -m " + protocol + " --dport " + std::to_string(low);
    return low == high ? text : text + ":" + std::to_string(high);
}

}  // namespace

unsigned digit_count(const LineKey& key) {
    return is_port_tree(key.tree) ? kPortTreeDigits
                                  : unspecified(key.family).bits() / kBitsPerDigit;
}

unsigned digit_of(const LineKey& key, unsigned index) {
    if (is_port_tree(key.tree)) {
        return index == 0 ? protocol_digit(key.protocol)
                          : (static_cast<unsigned>(key.port.number()) >>
                             (kBitsPerDigit * (kPortTreeDigits - 1 - index))) &
                                (kFanOut - 1);
    }
    const auto bytes = key.address.bytes();
    const unsigned byte = bytes[bytes.size() - 1 - index / 2];
    return index % 2 == 0 ? byte & 0x0fU : byte >> kBitsPerDigit;
}

std::string digit_match(const LineKey& key, unsigned index) {
    const bool by_port = is_port_tree(key.tree);
    return by_port ? port_range(key, index) : "-d " + masked_address(key.address, index);
}

}  // namespace sy::iptables
