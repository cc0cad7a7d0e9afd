// Flags that count in one mode only. Internal to the command line.
#pragma once

#include <span>

#include "cli/flags.h"

namespace sy {

/// In the order of the help, part of flag_specs().
std::span<const FlagSpec> mode_flag_specs();

}  // namespace sy
