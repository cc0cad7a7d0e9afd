// Virtual servers of other programs.
#pragma once

#include <cstddef>
#include <functional>

#include "base/net.h"
#include "base/result.h"

namespace sy::ipvs {

struct ForeignRemoval {
    std::size_t removed = 0;
    /// Chosen as well, but with open connections, which would be cut.
    std::size_t busy = 0;
};

/// Removes those virtual servers in the network namespace of the calling thread that are found by
/// an address which `doomed` tells, unless a connection through them is open. Servers found by a
/// mark are not asked about. Where the kernel has no IPVS loaded there is nothing to do.
Result<ForeignRemoval> remove_foreign_servers(
    const std::function<bool(const EndpointAddr& address)>& doomed);

}  // namespace sy::ipvs
