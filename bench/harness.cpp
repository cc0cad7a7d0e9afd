#include "bench/harness.h"

#include <algorithm>
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

}  // namespace sy::bench
