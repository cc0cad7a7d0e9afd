#include "bench/harness.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace sy::bench {

void QuietLog::write(LogLevel level, std::string_view message) {
    if (level >= LogLevel::error) {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
    }
}

void give_up(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::_Exit(1);
}

double percentile(std::vector<double> values, double p) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

std::optional<std::vector<uint32_t>> service_counts(int argc, char** argv) {
    std::vector<uint32_t> counts;
    counts.reserve(static_cast<std::size_t>(argc));
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        uint32_t number = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error != std::errc{} || end != word.data() + word.size() || number == 0) {
            return std::nullopt;
        }
        counts.push_back(number);
    }
    return counts;
}

}  // namespace sy::bench
