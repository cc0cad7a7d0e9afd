// How long to wait after a failure.
#pragma once

#include <algorithm>
#include <chrono>

namespace sy {

/// Waits that double from 0.8 s to 30 s, each shortened by up to a half so that the nodes of a
/// cluster do not come back all at once.
class Backoff {
  public:
    using Milliseconds = std::chrono::milliseconds;

    static constexpr Milliseconds kFirst{800};
    static constexpr Milliseconds kLast{30000};

    /// The next wait. `random` is from [0, 1).
    Milliseconds next(double random) {
        const auto full = next_;
        next_ = std::min(next_ * 2, kLast);
        return full -
               Milliseconds(static_cast<int64_t>(static_cast<double>(full.count()) / 2 * random));
    }
    void reset() { next_ = kFirst; }

  private:
    Milliseconds next_ = kFirst;
};

}  // namespace sy
