#include "serve/metrics_own.h"

#include <algorithm>
#include <string>

#include "backends/backend.h"
#include "base/text.h"

namespace sy {
namespace {

/// Series of Services in quarantine at most: a broken cluster must not break its monitoring.
constexpr std::size_t kMaxQuarantineSeries = 100;
/// Bytes of a reason.
constexpr std::size_t kMaxReason = 120;

/// The error without the object: that is in the other labels.
std::string reason_of(Error error) {
    error.on.clear();
    return printable(error.message(), kMaxReason);
}

}  // namespace

MapGauges::MapGauges(Registry& registry)
    : elements_(gauges(registry, "switchyard_map_elements", "Elements in a kernel map or set.")),
      capacity_(gauges(registry, "switchyard_map_capacity",
                       "Elements a kernel map or set can take before it is made anew.")) {}

void MapGauges::set(std::span<const MapFill> fill) {
    const auto same = [](const Series& series, const MapFill& one) {
        return series.map == one.map.data() && series.family == one.family;
    };
    if (!std::ranges::equal(series_, fill, same)) {
        look_up(fill);
    }
    for (std::size_t i = 0; i < fill.size(); ++i) {
        series_[i].elements->Set(static_cast<double>(fill[i].elements));
        if (series_[i].capacity != nullptr) {
            series_[i].capacity->Set(static_cast<double>(fill[i].capacity));
        }
    }
}

void MapGauges::look_up(std::span<const MapFill> fill) {
    for (const Series& gone : series_) {
        elements_.Remove(gone.elements);
        if (gone.capacity != nullptr) {
            capacity_.Remove(gone.capacity);
        }
    }
    series_.clear();
    for (const MapFill& one : fill) {
        const prometheus::Labels labels{{"map", std::string(one.map)},
                                        {"ip_family", std::string(to_string(one.family))}};
        series_.push_back({.map = one.map.data(),
                           .family = one.family,
                           .elements = &elements_.Add(labels),
                           .capacity = one.capacity == 0 ? nullptr : &capacity_.Add(labels)});
    }
}

QuarantineGauges::QuarantineGauges(Registry& registry)
    : errors_(gauges(registry, "switchyard_service_programming_error",
                     "1 while a Service cannot be programmed; at most 100 are shown.")),
      count_(gauges(registry, "switchyard_quarantined_services",
                    "Services that cannot be programmed; the others are.")
                 .Add({})) {}

void QuarantineGauges::entered(const ServiceName& name, const Error& error) {
    drop(name);
    Gauge* shown = nullptr;
    if (shown_ < kMaxQuarantineSeries) {
        shown = &errors_.Add({{"namespace", printable(name.ns)},
                              {"service", printable(name.name)},
                              {"reason", reason_of(error)}});
        shown->Set(1);
        ++shown_;
    }
    series_[name] = shown;
    count_.Set(static_cast<double>(series_.size()));
}

void QuarantineGauges::left(const ServiceName& name) {
    drop(name);
    series_.erase(name);
    count_.Set(static_cast<double>(series_.size()));
}

void QuarantineGauges::drop(const ServiceName& name) {
    const auto known = series_.find(name);
    if (known != series_.end() && known->second != nullptr) {
        errors_.Remove(known->second);
        known->second = nullptr;
        --shown_;
    }
}

OwnMetrics::OwnMetrics(Registry& registry)
    : event_to_kernel(histograms(registry, "switchyard_event_to_kernel_seconds",
                                 "Time from the arrival of the oldest event of a commit to its "
                                 "end.")
                          .Add({}, doubling(0.0001, 16))),
      services(gauges(registry, "switchyard_services", "Services known.").Add({})),
      kernel_writes(counters(registry, "switchyard_kernel_writes_total",
                             "Kernel objects (elements, rules, entries) written.")
                        .Add({})),
      kernel_transactions(counters(registry, "switchyard_kernel_transactions_total",
                                   "Kernel transactions committed.")
                              .Add({})),
      drift_repairs(counters(registry, "switchyard_drift_repairs_total",
                             "Kernel objects of ours that somebody else had changed and that were "
                             "mended.")
                        .Add({})),
      audits_clean(counters(registry, "switchyard_audits_total",
                            "Comparisons of the kernel with what was written.")
                       .Add({{"result", "clean"}})),
      audits_drifted(counters(registry, "switchyard_audits_total",
                              "Comparisons of the kernel with what was written.")
                         .Add({{"result", "drifted"}})),
      audits_failed(counters(registry, "switchyard_audits_total",
                             "Comparisons of the kernel with what was written.")
                        .Add({{"result", "failed"}})),
      reloads_ok(counters(registry, "switchyard_config_reloads_total",
                          "Changes of the configuration file taken up, or refused.")
                     .Add({{"result", "ok"}})),
      reloads_failed(counters(registry, "switchyard_config_reloads_total",
                              "Changes of the configuration file taken up, or refused.")
                         .Add({{"result", "failed"}})),
      events_dropped(counters(registry, "switchyard_events_dropped_total",
                              "Kubernetes Events that could not be delivered.")
                         .Add({})),
      ended_sockets(counters(registry, "switchyard_ended_sockets_total",
                             "Connected UDP sockets that were ended because their endpoint had "
                             "gone.")),
      watch_connected(gauges(registry, "switchyard_watch_connected",
                             "1 while the API server answers the watch of a resource.")),
      watch_restarts(counters(registry, "switchyard_watch_restarts_total",
                              "Watches that ended and were begun again.")),
      lists(counters(registry, "switchyard_lists_total",
                     "Complete lists taken from the API server.")),
      malformed(counters(registry, "switchyard_malformed_objects_total",
                         "Objects that could not be used.")),
      maps(registry),
      quarantine(registry) {}

}  // namespace sy
