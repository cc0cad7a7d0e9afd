// The number under which the kernel's IPVS is spoken to.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace sy::ipvs {

/// The generic netlink family "IPVS" if the kernel has it now; nothing is loaded for asking. The
/// number changes when the module is loaded again.
Result<std::optional<uint16_t>> find_family();

/// The same, but the kernel is made to load the module if it can (by its alias, outside of our
/// mount namespace: this works in a container).
Result<std::optional<uint16_t>> load_family();

}  // namespace sy::ipvs
