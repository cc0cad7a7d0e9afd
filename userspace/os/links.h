// Network interfaces.
#pragma once

#include <string>

#include "base/result.h"

namespace sy {

/// Removes the interface of this name, with its addresses and routes, if it is of this kind
/// ("dummy", "bridge", …). False: there is none, or one of another kind. In the network namespace
/// of the calling thread.
Result<bool> remove_link(const std::string& name, const std::string& kind);

}  // namespace sy
