#include "config/spelling.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace sy {
namespace {

constexpr std::size_t kNear = 3;

/// Edit distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    std::string_view best;
    std::size_t best_distance = kNear + 1;
    for (const std::string_view candidate : candidates) {
        if (word.size() > candidate.size() + kNear) {
            continue;
        }
        const std::size_t d = distance(word, candidate);
        if (d < best_distance && d <= candidate.size() / 2 + 1) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

}  // namespace sy
