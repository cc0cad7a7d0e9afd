#include "backends/nftables/sizes.h"

#include <algorithm>
#include <bit>

namespace sy::nft {

SetSizes sizes_for(const SetSizes& sizes, const SetCounts& counts) {
    constexpr uint64_t kLargest = uint64_t{1} << 30;
    auto result = sizes;
    for (std::size_t set = 0; set < kSetCount; ++set) {
        if (sizes[set] != 0 && counts[set] > sizes[set]) {
            const auto roomy = std::min(counts[set] + counts[set] / 4, kLargest);
            result[set] = static_cast<uint32_t>(std::bit_ceil(roomy));
        }
    }
    return result;
}

}  // namespace sy::nft
