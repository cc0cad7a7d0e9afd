// Declared sizes of sets: the kernel allocates for them at once and refuses what exceeds them.
#pragma once

#include <array>
#include <cstdint>

#include "backends/nftables/table.h"

namespace sy::nft {

/// Elements per set, by SetId.
using SetCounts = std::array<uint64_t, kSetCount>;

/// What a new table declares before anything is known of the cluster: enough for some thousand
/// Services. The kernel zeroes buckets for the declared size at once (15 MB and about 15 ms per
/// table for default_sizes()), and sets grow.
SetSizes starting_sizes(const Layout& layout);

/// `sizes` with every set large enough for `counts`: the next power of two above 5/4 of the count
/// where the size does not suffice. Sets without a declared size keep 0.
SetSizes sizes_for(const SetSizes& sizes, const SetCounts& counts);

}  // namespace sy::nft
