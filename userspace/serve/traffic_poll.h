// Asking the kernel what went through each Service, without keeping anybody waiting.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "agent/clock.h"
#include "backends/backend.h"

namespace boost::asio {
class io_context;
}

namespace sy {

/// What was read at one time.
struct TrafficRead {
    Result<std::vector<PortTraffic>> ports;
    Result<std::vector<ProgramCount>> programs;
};

/// Reads on a thread of its own: with many Services it takes too long for the strand. Lives on the
/// strand.
class TrafficPoll {
  public:
    /// Told what was read, on the strand.
    using Take = std::function<void(TrafficRead)>;
    using SteadyClock = std::function<TimePoint()>;

    TrafficPoll(boost::asio::io_context& io, std::unique_ptr<TrafficReader> reader, Take take,
                SteadyClock clock);
    TrafficPoll(const TrafficPoll&) = delete;
    TrafficPoll& operator=(const TrafficPoll&) = delete;
    /// Waits for the reading that runs. Nobody is told any more.
    ~TrafficPoll();

    /// Calls `then` on the strand as soon as what was read is less than a second old; right away if
    /// it is.
    void refresh(std::function<void()> then);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace sy
