// Short words for making metrics. Includes prometheus: only for metrics*.cpp.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <string>

#include "base/ip.h"

namespace sy {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;
using Buckets = Histogram::BucketBoundaries;

/// `count` buckets, each twice the one before.
inline Buckets doubling(double first, std::size_t count) {
    Buckets buckets;
    for (std::size_t i = 0; i < count; ++i, first *= 2) {
        buckets.push_back(first);
    }
    return buckets;
}

inline prometheus::Family<Counter>& counters(Registry& registry, const std::string& name,
                                             const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
inline prometheus::Family<Gauge>& gauges(Registry& registry, const std::string& name,
                                         const std::string& help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
inline prometheus::Family<Histogram>& histograms(Registry& registry, const std::string& name,
                                                 const std::string& help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

/// One series per IP family, label ip_family.
template <class Metric>
class PerFamily {
  public:
    template <class... Arguments>
    explicit PerFamily(prometheus::Family<Metric>& family, prometheus::Labels labels = {},
                       const Arguments&... arguments) {
        for (const Family each : kFamilies) {
            labels["ip_family"] = to_string(each);
            series_[index(each)] = &family.Add(labels, arguments...);
        }
    }

    Metric& operator[](Family family) const { return *series_[index(family)]; }

  private:
    static std::size_t index(Family family) { return family == Family::ipv4 ? 0 : 1; }

    std::array<Metric*, kFamilies.size()> series_{};
};

}  // namespace sy
