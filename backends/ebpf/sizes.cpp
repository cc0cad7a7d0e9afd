#include "backends/ebpf/sizes.h"

#include <algorithm>
#include <bit>

namespace sy::ebpf {
namespace {

/// Arrays have an element 0 that is never used.
constexpr uint32_t kLeast = 2;

uint32_t clamped(uint64_t wanted, uint32_t limit) {
    const auto roomy = std::bit_ceil(std::min<uint64_t>(wanted, uint64_t{1} << 31));
    return static_cast<uint32_t>(std::min<uint64_t>(roomy, std::max(limit, kLeast)));
}

uint32_t grown_to(uint32_t current, uint32_t need, uint32_t limit) {
    // The next size is more than twice the need: a growing cluster pays for it log(n) times.
    return need <= current ? current : std::max(current, clamped(uint64_t{2} * need, limit));
}

}  // namespace

uint32_t slots_limit(const EbpfSettings& limits) {
    return std::bit_ceil(std::clamp(limits.max_endpoints, kLeast, 1U << 30));
}

Sizes starting_sizes(std::size_t known_services, const EbpfSettings& limits) {
    const auto at_least = [](uint64_t least, uint64_t wanted, uint32_t limit) {
        return clamped(std::max(least, wanted), limit);
    };
    const uint64_t known = known_services;
    // Counters are allocated one by one: too many ids cost as much as too few.
    return {.frontends4 = at_least(1024, 2 * known, limits.max_frontends),
            .frontends6 = at_least(1024, known, limits.max_frontends),
            .services = at_least(1024, known + known / 4, limits.max_services),
            .slots = at_least(4096, 4 * known, slots_limit(limits)),
            .endpoints4 = at_least(4096, 4 * known, limits.max_endpoints),
            .endpoints6 = at_least(1024, known, limits.max_endpoints),
            .clients = std::max(limits.affinity_clients, 1U)};
}

Sizes grown(const Sizes& current, const Needs& needs, const EbpfSettings& limits) {
    return {.frontends4 = grown_to(current.frontends4, needs.frontends4, limits.max_frontends),
            .frontends6 = grown_to(current.frontends6, needs.frontends6, limits.max_frontends),
            .services = grown_to(current.services, needs.services, limits.max_services),
            .slots = grown_to(current.slots, needs.slots, slots_limit(limits)),
            .endpoints4 = grown_to(current.endpoints4, needs.endpoints4, limits.max_endpoints),
            .endpoints6 = grown_to(current.endpoints6, needs.endpoints6, limits.max_endpoints),
            .clients = std::max(current.clients, needs.clients)};
}

bool fits(const Needs& needs, const Sizes& sizes) {
    return needs.frontends4 <= sizes.frontends4 && needs.frontends6 <= sizes.frontends6 &&
           needs.services <= sizes.services && needs.slots <= sizes.slots &&
           needs.endpoints4 <= sizes.endpoints4 && needs.endpoints6 <= sizes.endpoints6 &&
           needs.clients <= sizes.clients;
}

}  // namespace sy::ebpf
