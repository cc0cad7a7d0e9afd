#include "kube/base64.h"

#include <cstdint>

namespace sy {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto group = bytes.substr(i, 3);
        uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = bits << 8 | (j < group.size() ? static_cast<uint8_t>(group[j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            text += j <= group.size() ? kDigits[bits >> (18 - 6 * j) & 0x3fU] : '=';
        }
    }
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    uint32_t bits = 0;
    std::size_t digits = 0;   // in the current group of four
    std::size_t padding = 0;  // '=' seen
    for (const char c : text) {
        if (c == '\n' || c == '\r') {
            continue;
        }
        const auto value = c == '=' ? 0 : kDigits.find(c);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        padding += c == '=' ? 1 : 0;
        if (padding != 0 && (c != '=' || digits < 2)) {
            return std::nullopt;
        }
        bits = bits << 6 | static_cast<uint32_t>(value);
        if (++digits == 4) {
            for (std::size_t j = 0; j < 3 - padding; ++j) {
                bytes += static_cast<char>(bits >> (16 - 8 * j) & 0xffU);
            }
            digits = 0;
            bits = 0;
        }
    }
    return digits == 0 && padding <= 2 ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace sy
