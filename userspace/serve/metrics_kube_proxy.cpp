#include "serve/metrics_kube_proxy.h"

namespace sy {
namespace {

/// 1 ms to 16 s.
Buckets sync_buckets() {
    return doubling(0.001, 15);
}

Buckets programming_buckets() {
    Buckets buckets{0.25, 0.5};
    const auto add = [&buckets](int from, int to, int step) {
        for (int seconds = from; seconds <= to; seconds += step) {
            buckets.push_back(seconds);
        }
    };
    add(1, 59, 1);
    add(60, 115, 5);
    add(120, 300, 30);
    return buckets;
}

PerFamily<Histogram> durations(Registry& registry, const std::string& name,
                               const std::string& help) {
    return PerFamily<Histogram>(histograms(registry, name, help), {}, sync_buckets());
}

}  // namespace

KubeProxyMetrics::KubeProxyMetrics(Registry& registry)
    : sync_duration(durations(registry, "kubeproxy_sync_proxy_rules_duration_seconds",
                              "Time taken to bring pending changes into the kernel.")),
      sync_full_duration(durations(registry, "kubeproxy_sync_full_proxy_rules_duration_seconds",
                                   "Time taken by syncs over all Services, after a failure, or "
                                   "with new facts about the node.")),
      sync_partial_duration(durations(registry,
                                      "kubeproxy_sync_partial_proxy_rules_duration_seconds",
                                      "Time taken by syncs of what changed.")),
      sync_last(gauges(registry, "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
                       "When the rules were last synced successfully.")),
      sync_last_queued(gauges(registry, "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
                              "When a sync was last asked for.")),
      network_programming(
          histograms(registry, "kubeproxy_network_programming_duration_seconds",
                     "Time from a change of a Service's pods to the rules that follow it."),
          {}, programming_buckets()),
      endpoint_changes_pending(gauges(registry,
                                      "kubeproxy_sync_proxy_rules_endpoint_changes_pending",
                                      "Changes of EndpointSlices that wait for a sync.")
                                   .Add({})),
      service_changes_pending(gauges(registry, "kubeproxy_sync_proxy_rules_service_changes_pending",
                                     "Changes of Services that wait for a sync.")
                                  .Add({})),
      endpoint_changes(counters(registry, "kubeproxy_sync_proxy_rules_endpoint_changes_total",
                                "Changes of EndpointSlices seen.")
                           .Add({})),
      service_changes(counters(registry, "kubeproxy_sync_proxy_rules_service_changes_total",
                               "Changes of Services seen.")
                          .Add({})),
      no_local_internal(gauges(registry, "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
                               "Service ports with a Local traffic policy that have endpoints, "
                               "but none on this node."),
                        {{"traffic_policy", "internal"}}),
      no_local_external(gauges(registry, "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
                               "Service ports with a Local traffic policy that have endpoints, "
                               "but none on this node."),
                        {{"traffic_policy", "external"}}),
      healthz_200(counters(registry, "kubeproxy_proxy_healthz_total", "Answers of /healthz.")
                      .Add({{"code", "200"}})),
      healthz_503(counters(registry, "kubeproxy_proxy_healthz_total", "Answers of /healthz.")
                      .Add({{"code", "503"}})),
      livez_200(counters(registry, "kubeproxy_proxy_livez_total", "Answers of /livez.")
                    .Add({{"code", "200"}})),
      livez_503(counters(registry, "kubeproxy_proxy_livez_total", "Answers of /livez.")
                    .Add({{"code", "503"}})),
      nftables_sync_failures(counters(registry,
                                      "kubeproxy_sync_proxy_rules_nftables_sync_failures_total",
                                      "Syncs that the kernel refused.")),
      nftables_cleanup_failures(
          counters(registry, "kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total",
                   "Removals of stale chains that the kernel refused.")),
      conntrack_duration(durations(registry, "kubeproxy_conntrack_reconciler_sync_duration_seconds",
                                   "Time taken to look for stale UDP flows.")),
      conntrack_deleted(counters(registry, "kubeproxy_conntrack_reconciler_deleted_entries_total",
                                 "Stale UDP flows removed.")),
      api_requests(counters(registry, "rest_client_requests_total",
                            "Requests to the API server by status, method and host.")) {}

}  // namespace sy
