// Tells an operator about failures of one watch: once when it begins, again when its reason
// changes, and when it is over.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/log.h"

namespace sy {

/// Keeps the log quiet while the same thing fails again and again.
class Outage {
  public:
    using Time = std::chrono::steady_clock::time_point;

    /// `what` is watched: "services". `log` must outlive this object.
    Outage(std::string what, Log& log) : what_(std::move(what)), log_(log) {}

    /// An attempt failed. Logged if `reason` is not the one that was logged last.
    void failed(LogLevel level, const std::string& reason, Time now);
    /// The server answers again.
    void answered(Time now);
    /// The server answers, but there is nothing to watch: the outage is over without a word.
    void dismissed();
    /// All has been well for a while: the next failure is news, whatever its reason.
    void settled() { reason_.clear(); }

  private:
    std::string what_;
    Log& log_;
    std::string reason_;
    std::optional<Time> since_;
    bool told_ = false;  // of this outage
};

}  // namespace sy
