#include "base/text.h"

#include <array>
#include <cstdint>

namespace sy {
namespace {

/// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none. Overlong
/// forms and surrogates need no attention here: nothing is decoded, only kept whole.
std::size_t sequence_length(std::string_view text) {
    const auto lead = static_cast<uint8_t>(text.front());
    std::size_t length = 0;
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
    }
    if (length == 0 || length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((static_cast<uint8_t>(text[i]) & 0xc0U) != 0x80) {
            return 0;
        }
    }
    // U+0080..U+009F are control characters as well.
    return lead == 0xc2 && static_cast<uint8_t>(text[1]) < 0xa0 ? 0 : length;
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
    constexpr std::array<char, 17> kHex{"0123456789abcdef"};
    std::string result;
    while (!text.empty()) {
        const auto byte = static_cast<uint8_t>(text.front());
        const auto length = sequence_length(text);
        std::string piece;
        if (length == 0 || byte < 0x20 || byte == 0x7f) {
            piece = {'\\', 'x', kHex[byte >> 4], kHex[byte & 0xfU]};
            text.remove_prefix(1);
        } else {
            piece = text.substr(0, length);
            text.remove_prefix(length);
        }
        if (result.size() + piece.size() > limit) {
            return result + "…";
        }
        result += piece;
    }
    return result;
}

}  // namespace sy
