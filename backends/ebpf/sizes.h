// How large the maps are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/settings.h"

namespace sy::ebpf {

/// Elements per map. A map of a set is made once in one size; a larger one takes its place.
struct Sizes {
    uint32_t frontends4 = 0;
    uint32_t frontends6 = 0;
    /// services, affinity, names, counters: ids 1 to services - 1.
    uint32_t services = 0;
    /// Positions; a power of two.
    uint32_t slots = 0;
    /// Indexes 1 to endpoints - 1.
    uint32_t endpoints4 = 0;
    uint32_t endpoints6 = 0;
    /// Remembered clients.
    uint32_t clients = 0;

    friend bool operator==(const Sizes&, const Sizes&) = default;
};

/// What is needed at least: elements in use, those about to be written included.
using Needs = Sizes;

/// How far the array of slots may grow: a power of two, room for at least the user's limit.
uint32_t slots_limit(const EbpfSettings& limits);
/// Sizes of a first set of maps for a cluster of about that many Services: small ones start small.
Sizes starting_sizes(std::size_t known_services, const EbpfSettings& limits);
/// `current` with every map that `needs` do not fit in grown to the power of two above twice the
/// need, but not beyond `limits`. Equal to `current` if nothing can or need be grown.
Sizes grown(const Sizes& current, const Needs& needs, const EbpfSettings& limits);
/// True if `needs` fit.
bool fits(const Needs& needs, const Sizes& sizes);

}  // namespace sy::ebpf
