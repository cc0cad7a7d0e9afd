// One instant on both clocks: one to judge by, one to show.
#pragma once

#include <chrono>
#include <string>

#include "agent/clock.h"

namespace sy {

using WallTime = std::chrono::system_clock::time_point;

struct Moment {
    TimePoint steady;
    WallTime wall;

    static Moment now() { return {Clock::now(), std::chrono::system_clock::now()}; }
};

/// As Go marshals a time in UTC: RFC 3339 with as many fractional digits as there are,
/// "2026-03-01T12:00:00.25Z".
std::string go_time(WallTime time);

}  // namespace sy
