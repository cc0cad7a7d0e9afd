// What went through each Service, read from the kernel when somebody asks. Only for metrics*.cpp.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "agent/clock.h"
#include "backends/backend.h"
#include "serve/traffic_series.h"

namespace sy {

/// Asks the kernel once a second at most. What cannot be read is left out.
class TrafficMetrics : public prometheus::Collectable {
  public:
    using SteadyClock = std::function<TimePoint()>;

    /// `limit`: see TrafficSeries.
    TrafficMetrics(std::unique_ptr<TrafficReader> reader, std::size_t limit, SteadyClock clock)
        : reader_(std::move(reader)), series_(limit), clock_(std::move(clock)) {}

    std::vector<prometheus::MetricFamily> Collect() const override;

  private:
    std::unique_ptr<TrafficReader> reader_;
    // Collect() is const, and remembers.
    mutable TrafficSeries series_;
    mutable std::vector<PortTraffic> shown_;
    mutable std::optional<TimePoint> read_at_;
    SteadyClock clock_;
};

}  // namespace sy
