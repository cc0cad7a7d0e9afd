#include "config/duration.h"

#include <fmt/format.h>

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

std::string duration_text(std::chrono::nanoseconds duration) {
    using std::chrono::hours;
    using std::chrono::minutes;
    using std::chrono::seconds;
    const auto count = duration.count();
    if (count == 0) {
        return "0s";
    }
    if (duration < seconds(1)) {
        return count % 1'000'000 == 0 ? fmt::format("{}ms", count / 1'000'000)
               : count % 1'000 == 0   ? fmt::format("{}us", count / 1'000)
                                      : fmt::format("{}ns", count);
    }
    const auto h = duration / hours(1);
    const auto m = duration % hours(1) / minutes(1);
    const auto s = duration % minutes(1);
    std::string text = h > 0 ? fmt::format("{}h", h) : "";
    text += h > 0 || m > 0 ? fmt::format("{}m", m) : "";
    text += fmt::format("{}", s / seconds(1));
    if (const auto rest = (s % seconds(1)).count(); rest != 0) {
        std::string digits = fmt::format(".{:09}", rest);
        digits.erase(digits.find_last_not_of('0') + 1);
        text += digits;
    }
    return text + "s";
}

}  // namespace sy
