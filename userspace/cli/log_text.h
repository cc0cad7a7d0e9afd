// Untrusted text on its way to a terminal or a log collector.
#pragma once

#include <string>
#include <string_view>

namespace sy {

/// Keeps printable UTF-8 and writes everything else as \xNN (newline as \n): control characters,
/// broken UTF-8, and the characters that turn the direction of writing.
std::string printable(std::string_view text);

/// printable(), then escaped to stand between the quotes of a JSON string.
std::string json_escaped(std::string_view text);

}  // namespace sy
