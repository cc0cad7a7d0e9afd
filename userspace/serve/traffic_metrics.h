// What went through each Service. Only for metrics*.cpp.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

#include "serve/traffic_poll.h"
#include "serve/traffic_series.h"

namespace sy {

class TrafficMetrics : public prometheus::Collectable {
  public:
    /// See TrafficSeries.
    explicit TrafficMetrics(std::size_t limit) : series_(limit) {}

    /// Nothing is shown of what could not be read.
    void take(TrafficRead read);

    std::vector<prometheus::MetricFamily> Collect() const override;

  private:
    TrafficSeries series_;
    std::vector<PortTraffic> shown_;
    std::vector<ProgramCount> programs_;
};

}  // namespace sy
