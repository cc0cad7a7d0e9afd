// Costs as a file, and what has become of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/check/operations.h"

namespace sy::bench {

/// By mode.
using Baseline = std::map<std::string, Costs>;

/// JSON, sorted, one line for each operation.
std::string to_json(const Baseline& baseline);
/// The error says what is wrong with the text.
Result<Baseline> from_json(const std::string& text);

/// What costs more now than it did, or has no cost to compare with, and what costs less.
struct Comparison {
    std::vector<std::string> grown;
    std::vector<std::string> shrunk;
};
Comparison compare(const Baseline& before, const Baseline& now);

}  // namespace sy::bench
