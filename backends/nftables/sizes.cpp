#include "backends/nftables/sizes.h"

#include <algorithm>
#include <bit>

namespace sy::nft {

SetSizes starting_sizes() {
    constexpr uint32_t kMost = 8192;
    constexpr uint32_t kMostEndpoints = 32768;
    auto sizes = default_sizes();
    for (std::size_t set = 0; set < kSetCount; ++set) {
        const auto id = static_cast<SetId>(set);
        const bool endpoints = id == SetId::endpoints || id == SetId::service_endpoints;
        // Clients fill `affinity`, whose buckets the kernel allocates as they come.
        if (id != SetId::affinity) {
            sizes[set] = std::min(sizes[set], endpoints ? kMostEndpoints : kMost);
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
