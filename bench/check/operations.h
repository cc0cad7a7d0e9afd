// Changes of every kind, carried out by a backend while it is counted what they cost.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "backends/registry.h"

namespace sy::bench {

/// What each operation costs, by its name and that of what is counted.
using Costs = std::map<std::string, std::map<std::string, uint64_t>>;

/// Of one mode, in a network namespace of its own. Ends the program if the kernel refuses.
Costs costs_of(const BackendEntry& entry, const BackendSettings& settings);

}  // namespace sy::bench
