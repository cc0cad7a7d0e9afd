// What the kernel knows of this process, read when asked. Only for metrics*.cpp.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

namespace sy {

/// The process_* metrics that every Prometheus client library has. What cannot be read is left out.
class ProcessMetrics : public prometheus::Collectable {
  public:
    std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace sy
