// The agent's notion of time. Everything that decides takes the time as a parameter.
#pragma once

#include <chrono>

namespace sy {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

/// The pause after the `failures`-th failure in a row (1, 2, …): doubles from `first` up to
/// `limit`.
constexpr Duration backoff(Duration first, Duration limit, unsigned failures) {
    Duration pause = first;
    for (unsigned i = 1; i < failures && pause < limit; ++i) {
        pause *= 2;
    }
    return pause < limit ? pause : limit;
}

}  // namespace sy
