#include "cli/log_text.h"

#include <cstdint>

namespace sy {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_continuation(char c) {
    return (static_cast<uint8_t>(c) & 0xc0) == 0x80;
}

/// Length of the UTF-8 sequence at the front of `text`, and its character; 0 if it is broken.
struct Sequence {
    std::size_t size = 0;
    uint32_t character = 0;
};

Sequence decode(std::string_view text) {
    const auto lead = static_cast<uint8_t>(text.front());
    if (lead < 0x80) {
        return {1, lead};
    }
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) {
        return {};
    }
    uint32_t character = lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if (!is_continuation(text[i])) {
            return {};
        }
        character = (character << 6) | (static_cast<uint8_t>(text[i]) & 0x3fU);
    }
    constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < kSmallest[size] || character > 0x10ffff || surrogate) {
        return {};
    }
    return {size, character};
}

bool is_harmless(uint32_t c) {
    const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    const bool line_break = c == 0x2028 || c == 0x2029;
    const bool turns_direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
                                 c == 0x200e || c == 0x200f || c == 0x061c;
    return !control && !line_break && !turns_direction;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Sequence sequence = decode(text);
        if (sequence.size > 0 && is_harmless(sequence.character)) {
            out.append(text.substr(0, sequence.size));
            text.remove_prefix(sequence.size);
            continue;
        }
        const std::size_t bad = sequence.size > 0 ? sequence.size : 1;
        for (const char c : text.substr(0, bad)) {
            const auto byte = static_cast<uint8_t>(c);
            if (c == '\n') {
                out += "\\n";
            } else {
                out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 0xf]};
            }
        }
        text.remove_prefix(bad);
    }
    return out;
}

std::string json_escaped(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out;
}

}  // namespace sy
