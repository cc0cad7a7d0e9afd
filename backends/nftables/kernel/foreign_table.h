// Tables of other programs.
#pragma once

#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace sy::nft {

/// Removes a table and all that is in it, in the network namespace of the calling thread. False if
/// there is none of that name.
Result<bool> remove_foreign_table(Family family, std::string_view name);

/// Whether the tables that the nft variant of iptables uses have any chain, in the network
/// namespace of the calling thread. That program itself makes tables when it is asked for its
/// rules.
Result<bool> has_iptables_chains(Family family);

}  // namespace sy::nft
