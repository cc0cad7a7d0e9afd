#include "backends/nftables/sizes.h"

#include <algorithm>
#include <bit>

#include "backends/nftables/layout.h"

namespace sy::nft {

SetSizes starting_sizes(const Layout& layout) {
    constexpr uint32_t kMost = 8192;
    constexpr uint32_t kMostEndpoints = 32768;
    constexpr uint32_t kLarge = 65536;  // larger ones hold endpoints
    auto sizes = default_sizes(layout);
    for (const auto set : layout.sets) {
        // Clients fill what is dynamic, whose buckets the kernel allocates as they come.
        if (auto& size = sizes[static_cast<std::size_t>(set)]; !schema(set).dynamic) {
            size = std::min(size, size > kLarge ? kMostEndpoints : kMost);
        }
    }
    return sizes;
}

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
