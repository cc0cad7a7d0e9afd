// What no proxy can go below: the kernel's own work, without API, state or policy.
#pragma once

#include <cstdint>

#include "bench/compare/measures.h"

namespace sy::bench {

/// A hand-written netlink batch that loads the elements of so many Services, in milliseconds, and
/// the same for a single changed element. In a network namespace of its own.
Measured floors(uint32_t services, uint32_t endpoints);

}  // namespace sy::bench
