#include "source/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace sy {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
    return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 12> kNoNumber{".nan",  ".NaN",  ".NAN",  ".inf",
                                                     ".Inf",  ".INF",  "+.inf", "+.Inf",
                                                     "+.INF", "-.inf", "-.Inf", "-.INF"};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Removes a prefix such as "0x" and tells the base it stands for.
int take_base(std::string_view& digits) {
    if (digits.size() < 2 || digits[0] != '0') {
        return 10;
    }
    const char letter = static_cast<char>(digits[1] | 0x20);
    if (letter == 'x' || letter == 'o' || letter == 'b') {
        digits.remove_prefix(2);
        return letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
    }
    digits.remove_prefix(1);
    return 8;
}

// A whole number of 64 bits, signed or unsigned, underscores allowed between digits.
std::optional<std::string> whole_number(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '_');
    std::string_view rest = digits;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) {
        rest.remove_prefix(1);
    }
    const int base = take_base(rest);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
    constexpr uint64_t kMostNegative = 1ULL << 63;
    if (error != std::errc{} || end != rest.data() + rest.size() || rest.empty() ||
        (negative && value > kMostNegative)) {
        return std::nullopt;
    }
    return (negative && value != 0 ? "-" : "") + std::to_string(value);
}

// Sign, digits with at most one point, exponent: the only shape that may be a float. Keeps out the
// hexadecimal floats and words that a library would accept.
bool is_float_shape(std::string_view text) {
    std::size_t i = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    std::size_t digits = 0;
    bool point = false;
    for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !point)); ++i) {
        point = point || text[i] == '.';
        digits += is_digit(text[i]) ? 1 : 0;
    }
    if (digits == 0) {
        return false;
    }
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        ++i;
        i += i < text.size() && (text[i] == '-' || text[i] == '+') ? 1 : 0;
        const auto exponent = text.substr(i);
        return !exponent.empty() && std::ranges::all_of(exponent, is_digit);
    }
    return i == text.size();
}

// Printed anew, because YAML's spelling (".5", "1.", "+1.0") is not always JSON's.
std::optional<std::string> float_number(std::string_view text) {
    if (!is_float_shape(text)) {
        return std::nullopt;
    }
    text.remove_prefix(text[0] == '+' ? 1 : 0);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || !std::isfinite(value)) {
        return std::nullopt;
    }
    std::array<char, 40> printed{};
    const auto done = std::to_chars(printed.data(), printed.data() + printed.size(), value,
                                    std::chars_format::scientific);
    return std::string(printed.data(), done.ptr);
}

}  // namespace

std::optional<std::string> plain_scalar_to_json(std::string_view text) {
    if (is_one_of(text, kTrue)) {
        return "true";
    }
    if (is_one_of(text, kFalse)) {
        return "false";
    }
    if (is_one_of(text, kNull)) {
        return "null";
    }
    if (is_one_of(text, kNoNumber)) {
        return std::nullopt;
    }
    if (is_digit(text[0]) || text[0] == '-' || text[0] == '+' || text[0] == '.') {
        if (auto number = whole_number(text)) {
            return number;
        }
        if (auto number = float_number(text)) {
            return number;
        }
    }
    return json_string(text);
}

std::string json_string(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string json = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            json += {'\\', c};
        } else if (byte < 0x20) {
            json += "\\u00";
            json += {kHex[byte >> 4U], kHex[byte & 15U]};
        } else {
            json += c;
        }
    }
    json += '"';
    return json;
}

}  // namespace sy
