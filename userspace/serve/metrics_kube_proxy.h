// The metrics that kube-proxy has, too (Kubernetes 1.36, nftables mode): names, types, labels and
// buckets are its own, so that dashboards and alerts need no change. Only for metrics*.cpp.
#pragma once

#include "serve/series.h"

namespace sy {

struct KubeProxyMetrics {
    explicit KubeProxyMetrics(Registry& registry);

    PerFamily<Histogram> sync_duration;
    PerFamily<Histogram> sync_full_duration;
    PerFamily<Histogram> sync_partial_duration;
    PerFamily<Gauge> sync_last;
    PerFamily<Gauge> sync_last_queued;
    PerFamily<Histogram> network_programming;
    Gauge& endpoint_changes_pending;
    Gauge& service_changes_pending;
    Counter& endpoint_changes;
    Counter& service_changes;
    PerFamily<Gauge> no_local_internal;
    PerFamily<Gauge> no_local_external;
    Counter& healthz_200;
    Counter& healthz_503;
    Counter& livez_200;
    Counter& livez_503;
    PerFamily<Counter> nftables_sync_failures;
    PerFamily<Counter> nftables_cleanup_failures;
    PerFamily<Histogram> conntrack_duration;
    PerFamily<Counter> conntrack_deleted;
    /// Labels code, method, host.
    prometheus::Family<Counter>& api_requests;
};

}  // namespace sy
