// Services that could not be programmed although their neighbours could.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "agent/clock.h"
#include "base/names.h"
#include "base/result.h"

namespace sy {

/// Remembers why each Service failed and when it is tried again, each with its own backoff.
class Quarantine {
  public:
    struct Config {
        Duration retry_first = std::chrono::seconds(1);
        Duration retry_limit = std::chrono::minutes(5);
    };

    explicit Quarantine(const Config& config) : config_(config) {}

    /// Holds for retries that are set from now on.
    void configure(const Config& config) { config_ = config; }

    /// `name` failed at `now`. True if this is news: it was fine before, or the reason changed.
    bool failed(const ServiceName& name, const Error& error, TimePoint now);
    /// `name` is programmed, or gone. True if it was in quarantine.
    bool cured(const ServiceName& name);

    /// Services whose retry is due; each is returned once, until it fails again.
    std::vector<ServiceName> take_due(TimePoint now);
    /// When the next retry is due; nothing: none is.
    std::optional<TimePoint> next_due() const;

    std::size_t size() const { return entries_.size(); }
    bool empty() const { return entries_.empty(); }

  private:
    struct Entry {
        Error error;
        unsigned failures = 0;
        /// Nothing: a retry is on its way.
        std::optional<TimePoint> due;
    };

    Config config_;
    std::unordered_map<ServiceName, Entry> entries_;
};

}  // namespace sy
