// Tables of other programs.
#pragma once

#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace sy::nft {

/// Removes a table and all that is in it, in the network namespace of the calling thread. False if
/// there is none of that name.
Result<bool> remove_foreign_table(Family family, std::string_view name);

}  // namespace sy::nft
