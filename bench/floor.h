// The floor: what the kernel takes for the bare elements, without cluster state or policy.
#pragma once

#include <cstdint>

namespace sy::bench {

/// Milliseconds for one transaction with a frontend, a ClusterIP address and `endpoints` slots for
/// each of `services`, into a table that exists; the table is removed again. Needs a network
/// namespace of its own. 0 if the kernel refuses.
double nft_floor(uint32_t services, uint32_t endpoints);

}  // namespace sy::bench
