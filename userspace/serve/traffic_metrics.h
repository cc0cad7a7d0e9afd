// What went through each Service. Only for metrics*.cpp.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

#include "backends/backend.h"
#include "serve/traffic_series.h"

namespace sy {

class TrafficMetrics : public prometheus::Collectable {
  public:
    /// See TrafficSeries.
    explicit TrafficMetrics(std::size_t limit) : series_(limit) {}

    /// Nothing is shown of what could not be read.
    void take(Result<std::vector<PortTraffic>> rows);

    std::vector<prometheus::MetricFamily> Collect() const override;

  private:
    TrafficSeries series_;
    std::vector<PortTraffic> shown_;
};

}  // namespace sy
