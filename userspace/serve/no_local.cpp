#include "serve/no_local.h"

namespace sy {
namespace {

void subtract(NoLocalEndpoints::Counts& from, const NoLocalEndpoints::Counts& counts) {
    for (std::size_t i = 0; i < counts.internal.size(); ++i) {
        from.internal[i] -= counts.internal[i];
        from.external[i] -= counts.external[i];
    }
}

}  // namespace

void NoLocalEndpoints::committed(const ServicePlan& plan) {
    Counts counts;
    for (const PortPlan& port : plan.ports) {
        const std::size_t family = port.family == Family::ipv4 ? 0 : 1;
        counts.internal[family] += port.no_local_internal ? 1 : 0;
        counts.external[family] += port.no_local_external ? 1 : 0;
    }
    removed(plan.name);
    if (counts != Counts{}) {
        of_service_.emplace(plan.name, counts);
        for (std::size_t i = 0; i < counts.internal.size(); ++i) {
            total_.internal[i] += counts.internal[i];
            total_.external[i] += counts.external[i];
        }
    }
}

void NoLocalEndpoints::removed(const ServiceName& name) {
    if (of_service_.empty()) {
        return;
    }
    if (const auto known = of_service_.find(name); known != of_service_.end()) {
        subtract(total_, known->second);
        of_service_.erase(known);
    }
}

}  // namespace sy
