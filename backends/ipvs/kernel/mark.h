// Which firewall marks are ours.
#pragma once

#include <cstdint>

#include "backends/ipvs/word.h"

namespace sy::ipvs {

/// The highest id is never given to a service port: a server that only tries out the kernel has it.
inline constexpr uint32_t kProbeMark = kTag | kIdMask;
static_assert(kMaxId < kIdMask);

constexpr bool is_ours(uint32_t mark) {
    return (mark & kTagMask) == kTag;
}

}  // namespace sy::ipvs
