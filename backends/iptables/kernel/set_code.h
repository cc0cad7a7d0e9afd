// Codes of ipset's failures that mean something to us.
#pragma once

namespace sy::iptables {

/// IPSET_ERR_BUSY.
inline constexpr int kStillReferenced = 4100;
/// IPSET_ERR_HASH_FULL, which the kernel does not export.
inline constexpr int kSetIsFull = 4352;

}  // namespace sy::iptables
