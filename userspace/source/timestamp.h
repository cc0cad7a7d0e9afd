// Times as the Kubernetes API writes them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sy {

/// Reads RFC 3339 with any number of fractional digits (what exceeds a nanosecond is cut off):
/// "2026-03-01T12:00:00.25Z", "2026-03-01T13:00:00+01:00". Nothing if it is not one.
std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text);

}  // namespace sy
