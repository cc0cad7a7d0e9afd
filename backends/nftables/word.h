// The 32-bit word a frontend maps to: role bits, service-port id, class (docs/nftables.md).
#pragma once

#include <cstdint>

namespace sy::nft {

/// External frontend under external policy Local.
inline constexpr uint32_t kRoleLocal = 0x8000'0000;
/// LoadBalancer frontend with source ranges.
inline constexpr uint32_t kRoleRanges = 0x4000'0000;
/// External frontend under external policy Cluster: always masqueraded.
inline constexpr uint32_t kRoleMasquerade = 0x2000'0000;
inline constexpr uint32_t kIdMask = 0x1fff'fc00;
inline constexpr uint32_t kClassMask = 0x3ff;
inline constexpr unsigned kIdShift = 10;
/// Service-port ids 1..kMaxId per family.
inline constexpr uint32_t kMaxId = kIdMask >> kIdShift;

/// Class 0 rejects, class 1..511 picks from that many slots, 0x200..0x3fe are assigned at run
/// time (affinity, and picks from more than 511), 0x3ff drops.
inline constexpr uint32_t kClassReject = 0;
inline constexpr uint32_t kMaxFixedPick = 0x1ff;
inline constexpr uint32_t kFirstAssignedClass = 0x200;
inline constexpr uint32_t kLastAssignedClass = 0x3fe;
inline constexpr uint32_t kClassDrop = 0x3ff;
/// Affinity endpoints are numbered 1..kMaxAffinityIndex in the class bits of their list.
inline constexpr uint32_t kMaxAffinityIndex = 0x3ff;

/// The id's place in a word.
constexpr uint32_t id_word(uint32_t id) {
    return id << kIdShift;
}
constexpr uint32_t id_of(uint32_t word) {
    return (word & kIdMask) >> kIdShift;
}

}  // namespace sy::nft
