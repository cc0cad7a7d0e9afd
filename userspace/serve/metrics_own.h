// The metrics that only we have. Only for metrics*.cpp.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "base/names.h"
#include "base/result.h"
#include "serve/series.h"

namespace sy {

struct MapFill;

/// How full the kernel's maps are: one pair of series per map, looked up once.
class MapGauges {
  public:
    explicit MapGauges(Registry& registry);

    void set(std::span<const MapFill> fill);

  private:
    struct Series {
        const char* map = nullptr;
        Family family = Family::ipv4;
        Gauge* elements = nullptr;
        Gauge* capacity = nullptr;
    };

    void look_up(std::span<const MapFill> fill);

    prometheus::Family<Gauge>& elements_;
    prometheus::Family<Gauge>& capacity_;
    /// In the order of the last fill.
    std::vector<Series> series_;
};

/// Which Services cannot be programmed, and why: a bounded number of series.
class QuarantineGauges {
  public:
    explicit QuarantineGauges(Registry& registry);

    void entered(const ServiceName& name, const Error& error);
    void left(const ServiceName& name);

  private:
    void drop(const ServiceName& name);

    prometheus::Family<Gauge>& errors_;
    Gauge& count_;
    /// Null: beyond the bound.
    std::map<ServiceName, Gauge*> series_;
    std::size_t shown_ = 0;
};

struct OwnMetrics {
    explicit OwnMetrics(Registry& registry);

    Histogram& event_to_kernel;
    Gauge& services;
    Counter& kernel_writes;
    Counter& kernel_transactions;
    Counter& drift_repairs;
    Counter& audits_clean;
    Counter& audits_drifted;
    Counter& audits_failed;
    Counter& reloads_ok;
    Counter& reloads_failed;
    Counter& events_dropped;
    PerFamily<Counter> ended_sockets;
    prometheus::Family<Gauge>& watch_connected;
    prometheus::Family<Counter>& watch_restarts;
    prometheus::Family<Counter>& lists;
    prometheus::Family<Counter>& malformed;
    MapGauges maps;
    QuarantineGauges quarantine;
};

}  // namespace sy
