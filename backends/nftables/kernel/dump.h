// Reading our tables back.
#pragma once

#include <vector>

#include "backends/nftables/kernel.h"
#include "backends/nftables/kernel/connection.h"
#include "backends/nftables/kernel/encode_transaction.h"

namespace sy::nft {

/// Our tables with their elements.
Result<std::vector<DumpedTable>> dump_tables(Connection& connection, const Layout& layout);
/// Names of chains, and classes, of our tables.
Result<std::vector<PresentTable>> list_chains(Connection& connection, const Layout& layout);

}  // namespace sy::nft
