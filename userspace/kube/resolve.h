// Addresses of host names.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace sy {

/// All addresses of a host, the preferred one first, at least one. May block for long.
using Resolve = std::function<Result<std::vector<IpAddr>>(const std::string& host)>;

/// Asks the system: files, DNS, whatever nsswitch.conf says.
Result<std::vector<IpAddr>> resolve_host(const std::string& host);

}  // namespace sy
