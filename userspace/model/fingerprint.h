// A plan as a number.
#pragma once

#include <cstdint>

#include "model/plan.h"

namespace sy {

/// True if the kernel has nothing to do for the Service and there is nothing to report of it.
bool needs_nothing(const ServicePlan& plan);

/// Equal plans have equal fingerprints, different ones almost surely different ones; 0 exactly for
/// plans that need nothing. The name does not count: fingerprints compare plans of one Service.
uint64_t fingerprint(const ServicePlan& plan);

}  // namespace sy
