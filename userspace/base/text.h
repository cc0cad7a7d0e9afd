// Text that comes from outside.
#pragma once

#include <string>
#include <string_view>

namespace sy {

/// `text` on one harmless line: control characters and invalid UTF-8 bytes become \xNN, and what
/// exceeds `limit` bytes is cut and ends in "…".
std::string printable(std::string_view text, std::size_t limit = 512);

}  // namespace sy
