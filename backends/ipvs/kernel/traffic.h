// What was said to the kernel.
#pragma once

#include <cstdint>

namespace sy::ipvs {

/// Counters of netlink traffic, for tests and benchmarks: what a change costs is told in these.
struct Traffic {
    /// Messages that change something, and the sends they went in.
    uint64_t messages = 0;
    uint64_t sends = 0;
    /// Lists that were asked for.
    uint64_t dumps = 0;
};

}  // namespace sy::ipvs
