#include "backends/nftables/element_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "backends/nftables/schema.h"
#include "base/net.h"

namespace sy::nft {
namespace {

using Bytes = std::span<const uint8_t>;

std::string protocol_text(uint8_t number) {
    switch (number) {
        case static_cast<uint8_t>(Protocol::tcp):
            return "tcp";
        case static_cast<uint8_t>(Protocol::udp):
            return "udp";
        case static_cast<uint8_t>(Protocol::sctp):
            return "sctp";
        default:
            return std::to_string(number);
    }
}

uint32_t host_word(Bytes bytes) {
    uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
}

std::string value_text(Load load, Bytes bytes) {
    switch (load) {
        case Load::saddr:
        case Load::daddr:
        case Load::original_daddr:
            return IpAddr::from_bytes(bytes).value_or(IpAddr()).to_string();
        case Load::l4proto:
            return protocol_text(bytes[0]);
        case Load::dport:
        case Load::original_dport:
            return std::to_string(bytes[0] << 8 | bytes[1]);
        case Load::priority:
            return word_text(host_word(bytes));
        case Load::mark:
            return mark_text(host_word(bytes));
        case Load::random:
            return std::to_string(host_word(bytes));
    }
    return {};
}

// The prefix length if first..last is a network.
std::optional<unsigned> prefix_of(Bytes first, Bytes last) {
    unsigned prefix = 0;
    bool in_host = false;
    for (std::size_t i = 0; i < first.size(); ++i) {
        for (int bit = 7; bit >= 0; --bit) {
            const bool a = (first[i] >> bit & 1) != 0;
            const bool b = (last[i] >> bit & 1) != 0;
            if (!in_host && a == b) {
                ++prefix;
                continue;
            }
            in_host = true;
            if (a || !b) {
                return std::nullopt;
            }
        }
    }
    return prefix;
}

std::string interval_text(Load load, Bytes first, Bytes last) {
    auto low = value_text(load, first);
    if (std::ranges::equal(first, last)) {
        return low;
    }
    if (const auto prefix = prefix_of(first, last)) {
        return low + "/" + std::to_string(*prefix);
    }
    return low + "-" + value_text(load, last);
}

// `last` differs from `first` in interval sets only.
std::string concatenation_text(const Key& key, Family family, Bytes first, Bytes last) {
    std::string text;
    for (const auto& term : key) {
        const auto size = width(term.load, family);
        const auto step = (size + 3) & ~std::size_t{3};
        text += text.empty() ? "" : " . ";
        text += interval_text(term.load, first.first(size), last.first(size));
        first = first.subspan(step);
        last = last.subspan(step);
    }
    return text;
}

}  // namespace

std::string word_text(uint32_t word) {
    if (word == 0) {
        return "none";
    }
    std::array<char, 16> buffer{};
    const auto end = buffer.data() + buffer.size();
    auto at = std::to_chars(buffer.data(), end, word >> 16, 16).ptr;
    *at++ = ':';
    at = std::to_chars(at, end, word & 0xffffU, 16).ptr;
    return {buffer.data(), at};
}

std::string mark_text(uint32_t mark) {
    constexpr std::size_t kDigits = 8;
    std::array<char, kDigits> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + kDigits, mark, 16).ptr;
    const std::string digits(buffer.data(), end);
    return "0x" + std::string(kDigits - digits.size(), '0') + digits;
}

std::string element_text(const Element& element) {
    const auto& set = schema(element.set());
    const auto family = element.family();
    const auto key = element.key();
    if (key.size() != set.key_size(family) || element.data().size() != set.data_size(family)) {
        return {};
    }
    const auto size = width(set.key, family);
    auto text = concatenation_text(set.key, family, key.first(size), key.last(size));
    if (!set.data.empty()) {
        text += " : ";
        text += concatenation_text(set.data, family, element.data(), element.data());
    }
    return text;
}

}  // namespace sy::nft
