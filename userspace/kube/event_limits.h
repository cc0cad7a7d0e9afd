// How many Events we bother the API server with.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/cluster_event.h"

namespace sy {

/// A bucket of tokens that fills by itself.
class TokenBucket {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    /// Full at `now`. `period` is the time for one token.
    TokenBucket(double capacity, Duration period, TimePoint now)
        : capacity_(capacity), period_(period), tokens_(capacity), at_(now) {}

    /// Takes a token if there is one.
    bool take(TimePoint now);
    /// How long until there is one.
    Duration wait(TimePoint now) const;
    bool full(TimePoint now) const;

  private:
    double level(TimePoint now) const;

    double capacity_;
    Duration period_;
    double tokens_;
    TimePoint at_;
};

/// Decides which events are told: the same one once in ten minutes, and of one object 25 at once
/// and one every ten seconds after that. Memory is bounded: with too many objects the oldest
/// history is forgotten.
class EventLimits {
  public:
    using TimePoint = TokenBucket::TimePoint;

    /// Nothing: do not tell. Otherwise how often the same was not told since it was last.
    std::optional<unsigned> admit(const ClusterEvent& event, TimePoint now);

  private:
    struct Seen {
        TimePoint told;
        unsigned untold = 0;
    };

    void forget(TimePoint now);

    std::unordered_map<uint64_t, Seen> seen_;            // by hash of the event
    std::unordered_map<uint64_t, TokenBucket> objects_;  // by hash of the object
};

}  // namespace sy
