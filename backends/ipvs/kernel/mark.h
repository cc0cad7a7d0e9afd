// Which firewall marks are ours.
#pragma once

#include <cstdint>

namespace sy::ipvs {

/// Bits 26..20 of a mark, and what they hold in ours.
inline constexpr uint32_t kTagMask = 0x07f0'0000;
inline constexpr uint32_t kTag = 0x05a0'0000;
/// The highest id is never given to a service port: a server that only tries out the kernel has it.
inline constexpr uint32_t kProbeMark = kTag | 0x000f'ffff;

constexpr bool is_ours(uint32_t mark) {
    return (mark & kTagMask) == kTag;
}

}  // namespace sy::ipvs
