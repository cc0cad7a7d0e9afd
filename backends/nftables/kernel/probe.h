// Trying out what the layout needs of a kernel.
#pragma once

#include "backends/nftables/kernel/connection.h"
#include "backends/nftables/layout.h"

namespace sy::nft {

/// See Kernel::probe.
Result<void> probe_features(Connection& connection, const Layout& layout);

}  // namespace sy::nft
