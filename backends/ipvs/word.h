// The 32-bit word a frontend maps to: what to do with a new connection, and the firewall mark that
// finds its virtual server (docs/ipvs.md).
#pragma once

#include <cstdint>

namespace sy::ipvs {

/// External frontend under external policy Local; in a mark: the server of the Local list.
inline constexpr uint32_t kRoleLocal = 0x8000'0000;
/// LoadBalancer frontend with source ranges.
inline constexpr uint32_t kRoleRanges = 0x4000'0000;
/// External frontend under external policy Cluster: always masqueraded.
inline constexpr uint32_t kRoleMasquerade = 0x2000'0000;
/// The list of those outside is empty although there are endpoints elsewhere.
inline constexpr uint32_t kDrop = 0x1000'0000;
/// There are no endpoints.
inline constexpr uint32_t kReject = 0x0800'0000;

/// Bits 26..20 of a mark, and what they hold in ours.
inline constexpr uint32_t kTagMask = 0x07f0'0000;
inline constexpr uint32_t kTag = 0x05a0'0000;
/// Ids sit in the low bits: the kernel finds servers by `mark & 255`.
inline constexpr uint32_t kIdMask = 0x000f'ffff;
/// What a mark may have of a word.
inline constexpr uint32_t kMarkMask = kRoleLocal | kTagMask | kIdMask;
/// Ids 1..kMaxId per family. The highest that would fit belongs to the server that tries out the
/// kernel.
inline constexpr uint32_t kMaxId = kIdMask - 1;

/// The mark of the server of a Cluster list, or of one endpoint.
constexpr uint32_t mark_of(uint32_t id) {
    return kTag | id;
}
constexpr uint32_t id_of(uint32_t word) {
    return word & kIdMask;
}

}  // namespace sy::ipvs
