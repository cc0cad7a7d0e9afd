// Declared sizes of sets: the kernel allocates for them at once and refuses what exceeds them.
#pragma once

#include <array>
#include <cstdint>

#include "backends/nftables/table.h"

namespace sy::nft {

/// Elements per set, by SetId.
using SetCounts = std::array<uint64_t, kSetCount>;

/// `sizes` with every set large enough for `counts`: the next power of two above 5/4 of the count
/// where the size does not suffice. Sets without a declared size keep 0.
SetSizes sizes_for(const SetSizes& sizes, const SetCounts& counts);

}  // namespace sy::nft
