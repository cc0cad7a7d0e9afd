#include "cli/duration.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace sy {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 8> kUnits{{
    // Longer names first where one begins with another.
    {"ns", 1.0},
    {"us", 1e3},
    {"\u00b5s", 1e3},
    {"\u03bcs", 1e3},
    {"ms", 1e6},
    {"s", 1e9},
    {"m", 60e9},
    {"h", 3600e9},
}};

/// Takes the unit off the front of `text`; 0 if there is none.
double take_unit(std::string_view& text) {
    for (const auto& [name, nanoseconds] : kUnits) {
        if (text.starts_with(name)) {
            text.remove_prefix(name.size());
            return nanoseconds;
        }
    }
    return 0;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    constexpr double kLongest = 9e18;
    if (text == "0") {
        return std::chrono::nanoseconds(0);
    }
    double total = 0;
    if (text.empty()) {
        return std::nullopt;
    }
    while (!text.empty()) {
        const char first = text.front();
        if ((first < '0' || first > '9') && first != '.') {
            return std::nullopt;
        }
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number,
                                                  std::chars_format::fixed);
        if (error != std::errc{}) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const double unit = take_unit(text);
        total += number * unit;
        if (unit == 0 || !(total < kLongest)) {
            return std::nullopt;
        }
    }
    return std::chrono::nanoseconds(std::llround(total));
}

}  // namespace sy
