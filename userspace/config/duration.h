// Durations as kube-proxy's configuration and flags spell them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sy {

/// Reads Go's notation: numbers with a unit (ns, us, µs, ms, s, m, h) in a row, fractions allowed:
/// "500ms", "1m30s", "1.5h", and "0". Nothing for anything else, negative values included.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The inverse, in Go's notation: "0s", "500ms", "30s", "24h0m0s". Not for negative ones.
std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace sy
