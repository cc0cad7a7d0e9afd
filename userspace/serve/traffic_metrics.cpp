#include "serve/traffic_metrics.h"

#include <string>
#include <utility>

namespace sy {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(const char* name, const char* help, const std::vector<PortTraffic>& rows,
                    uint64_t PortTraffic::* count) {
    MetricFamily out{.name = name, .help = help, .type = MetricType::Counter, .metric = {}};
    out.metric.reserve(rows.size());
    for (const PortTraffic& row : rows) {
        ClientMetric metric;
        metric.label = {{"ip_family", std::string(to_string(row.family))},
                        {"protocol", std::string(to_string(row.protocol))},
                        {"service", row.port}};
        metric.counter.value = static_cast<double>(row.*count);
        out.metric.push_back(std::move(metric));
    }
    return out;
}

}  // namespace

void TrafficMetrics::take(TrafficRead read) {
    shown_ = read.ports ? series_.show(std::move(*read.ports)) : std::vector<PortTraffic>{};
    programs_ = std::move(read.programs).value_or(std::vector<ProgramCount>{});
}

std::vector<MetricFamily> TrafficMetrics::Collect() const {
    std::vector<MetricFamily> all;
    all.push_back(family("switchyard_service_connections_total",
                         "Connections, and datagrams of unconnected sockets that chose an "
                         "endpoint, by the port of a Service.",
                         shown_, &PortTraffic::connections));
    all.push_back(family("switchyard_service_refused_total",
                         "Connections refused at once because the port of a Service has no "
                         "endpoint.",
                         shown_, &PortTraffic::refusals));
    MetricFamily results{.name = "switchyard_program_results_total",
                         .help = "What the programs on socket calls came to.",
                         .type = MetricType::Counter,
                         .metric = {}};
    for (const ProgramCount& program : programs_) {
        ClientMetric metric;
        metric.label = {{"result", std::string(program.result)}};
        metric.counter.value = static_cast<double>(program.count);
        results.metric.push_back(std::move(metric));
    }
    all.push_back(std::move(results));
    return all;
}

}  // namespace sy
