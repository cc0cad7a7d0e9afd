// Sets of other programs.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace sy::iptables {

/// Removes the sets whose names `doomed` tells, in the network namespace of the calling thread, and
/// returns how many those were. Fails, when it has tried all of them, if rules still refer to one.
/// Where the kernel has no ipset loaded there is nothing to do.
Result<std::size_t> remove_foreign_sets(const std::function<bool(std::string_view name)>& doomed);

}  // namespace sy::iptables
