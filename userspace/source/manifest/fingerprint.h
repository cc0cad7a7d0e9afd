// A number that tells two versions of an object apart, so that the manifest source need not keep a
// second copy of every object.
#pragma once

#include <cstdint>

#include "model/event.h"

namespace sy {

/// Equal objects have equal fingerprints; different ones differ but for chance (2^-64). Never 0.
/// Valid within one process and one Symbols table.
uint64_t fingerprint(const Object& object);

}  // namespace sy
