#include "config/reload.h"

#include <fmt/format.h>

namespace sy {
namespace {

class Comparison {
  public:
    template <class T>
    Comparison& now(std::string_view name, const T& a, const T& b) {
        if (!(a == b)) {
            plan.now.push_back(name);
        }
        return *this;
    }
    template <class T>
    Comparison& restart(std::string_view name, const T& a, const T& b) {
        if (!(a == b)) {
            plan.restart.push_back(name);
        }
        return *this;
    }

    ReloadPlan plan;
};

void compare_node(const NodeOptions& a, const NodeOptions& b, Comparison& out) {
    const auto& local_a = a.detect_local;
    const auto& local_b = b.detect_local;
    out.now("bindAddress", a.bind_address, b.bind_address)
        .now("clusterCIDR", local_a.cluster_cidrs, local_b.cluster_cidrs)
        .now("detectLocalMode", local_a.mode, local_b.mode)
        .now("detectLocal", local_a.interface, local_b.interface)
        .now("masqueradeAll", a.masquerade_all, b.masquerade_all)
        .now("nodePortAddresses", a.nodeports, b.nodeports);
}

}  // namespace

std::string ReloadPlan::restart_reason() const {
    return restart.empty() ? ""
                           : fmt::format(
                                 "changed in the configuration, and cannot be taken over "
                                 "without a restart: {}",
                                 fmt::join(restart, ", "));
}

ReloadPlan compare(const Options& running, const Options& wanted) {
    Comparison out;
    compare_node(running.node, wanted.node, out);
    const auto& quarantine_a = running.quarantine;
    const auto& quarantine_b = wanted.quarantine;
    out.now("conntrack", running.kernel, wanted.kernel)
        .now("healthzBindAddress", running.serving.healthz, wanted.serving.healthz)
        .now("metricsBindAddress", running.serving.metrics, wanted.serving.metrics)
        .now("bindAddressHardFail", running.serving.bind_hard_fail, wanted.serving.bind_hard_fail)
        .now("minSyncPeriod", running.min_sync_period, wanted.min_sync_period)
        .now("syncPeriod", running.sync_period, wanted.sync_period)
        .now("log level", running.log.level, wanted.log.level)
        .now("log format", running.log.json, wanted.log.json)
        .restart("mode", running.proxy_mode, wanted.proxy_mode)
        .restart("hostnameOverride", running.node_name, wanted.node_name)
        .restart("clientConnection", running.api, wanted.api)
        .restart("manifests", running.manifests, wanted.manifests)
        .restart("ebpf", running.backend.ebpf, wanted.backend.ebpf)
        .restart("iptables", running.backend.iptables, wanted.backend.iptables)
        .restart("ipvs", running.backend.ipvs, wanted.backend.ipvs)
        .restart("metricsMaxServices", running.metrics_max_services, wanted.metrics_max_services)
        .restart("oomScoreAdj", running.oom_score_adj, wanted.oom_score_adj)
        .restart("quarantine.retryFirst", quarantine_a.retry_first, quarantine_b.retry_first)
        .restart("quarantine.retryLimit", quarantine_a.retry_limit, quarantine_b.retry_limit);
    return std::move(out.plan);
}

}  // namespace sy
