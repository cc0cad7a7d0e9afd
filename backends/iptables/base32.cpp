#include "backends/iptables/base32.h"

#include <array>

namespace sy::iptables {
namespace {

constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
constexpr unsigned kBitsPerDigit = 5;
/// Of a number: twelve digits of five bits and one that holds the last four.
constexpr std::size_t kNumberLength = 13;

}  // namespace

std::string base32(std::span<const uint8_t> bytes) {
    std::string text;
    uint32_t pending = 0;
    unsigned bits = 0;
    for (const auto byte : bytes) {
        pending = (pending << 8) | byte;
        bits += 8;
        while (bits >= kBitsPerDigit) {
            bits -= kBitsPerDigit;
            text += kDigits[(pending >> bits) & 31U];
        }
    }
    if (bits > 0) {
        text += kDigits[(pending << (kBitsPerDigit - bits)) & 31U];
    }
    return text;
}

std::string base32(uint64_t number) {
    std::array<uint8_t, 8> bytes{};
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
        *byte = static_cast<uint8_t>(number);
        number >>= 8;
    }
    return base32(bytes);
}

std::optional<uint64_t> parse_base32(std::string_view text) {
    if (text.size() != kNumberLength) {
        return std::nullopt;
    }
    uint64_t number = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto digit = kDigits.find(text[i]);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        const bool is_last = i + 1 == text.size();
        if (is_last && digit % 2 != 0) {
            return std::nullopt;  // the bit beyond the 64th
        }
        number = is_last ? (number << 4) | (digit / 2) : (number << kBitsPerDigit) | digit;
    }
    return number;
}

}  // namespace sy::iptables
