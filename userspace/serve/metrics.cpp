#include "serve/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "serve/metrics_kube_proxy.h"
#include "serve/metrics_own.h"
#include "serve/no_local.h"
#include "serve/process_metrics.h"
#include "serve/traffic_metrics.h"

namespace sy {
namespace {

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}
double timestamp(WallTime time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

#ifdef __clang__
constexpr const char* kCompiler = "clang";
#else
constexpr const char* kCompiler = "gcc";
#endif

prometheus::Labels text_label(const char* name, std::string_view value) {
    return {{name, std::string(value)}};
}

}  // namespace

struct Metrics::Impl {
    Impl(const BuildInfo& build, WallClock wall_clock)
        : clock(std::move(wall_clock)), kube(registry), own(registry) {
        gauges(registry, "switchyard_build_info", "Always 1; the labels say what this is.")
            .Add({{"version", build.version}, {"compiler", kCompiler}})
            .Set(1);
        // Dashboards join on git_version.
        gauges(registry, "kubernetes_build_info", "Always 1; the labels say what this is.")
            .Add({{"git_version", "v" + build.version + "+switchyard"},
                  {"compiler", kCompiler},
                  {"platform", "linux"}})
            .Set(1);
    }

    void show_no_local() const {
        const auto& total = no_local.total();
        for (std::size_t i = 0; i < kFamilies.size(); ++i) {
            kube.no_local_internal[kFamilies[i]].Set(total.internal[i]);
            kube.no_local_external[kFamilies[i]].Set(total.external[i]);
        }
    }

    WallClock clock;
    Registry registry;
    KubeProxyMetrics kube;
    OwnMetrics own;
    NoLocalEndpoints no_local;
    ProcessMetrics process;
    std::optional<TrafficMetrics> traffic;
};

Metrics::Metrics(const BuildInfo& build, WallClock clock)
    : impl_(std::make_unique<Impl>(build, std::move(clock))) {}
Metrics::~Metrics() = default;

void Metrics::show_traffic(std::size_t limit) {
    impl_->traffic.emplace(limit);
}

void Metrics::on_traffic(TrafficRead read) {
    impl_->traffic->take(std::move(read));
}

std::string Metrics::text() const {
    auto all = impl_->registry.Collect();
    std::ranges::move(impl_->process.Collect(), std::back_inserter(all));
    if (impl_->traffic) {
        std::ranges::move(impl_->traffic->Collect(), std::back_inserter(all));
    }
    return prometheus::TextSerializer().Serialize(all);
}

void Metrics::on_changes(const ChangesSeen& seen) {
    const auto& kube = impl_->kube;
    kube.service_changes.Increment(static_cast<double>(seen.services));
    kube.endpoint_changes.Increment(static_cast<double>(seen.slices));
    kube.service_changes_pending.Increment(static_cast<double>(seen.services_changed));
    kube.endpoint_changes_pending.Increment(static_cast<double>(seen.slices_changed));
    if (seen.families.empty()) {
        return;
    }
    const double now = timestamp(impl_->clock());
    for (const Family family : kFamilies) {
        if (seen.families.contains(family)) {
            kube.sync_last_queued[family].Set(now);
        }
    }
}

void Metrics::on_sync_begun() {
    impl_->kube.service_changes_pending.Set(0);
    impl_->kube.endpoint_changes_pending.Set(0);
}

void Metrics::on_committed(const Commit& commit) {
    const auto& own = impl_->own;
    own.event_to_kernel.Observe(seconds(commit.latency));
    own.kernel_writes.Increment(static_cast<double>(commit.writes));
    own.kernel_transactions.Increment(static_cast<double>(commit.transactions));
    impl_->own.maps.set(commit.fill);
    std::unordered_set<ServiceName> failed;
    for (const Quarantined& one : commit.quarantined) {
        failed.insert(one.service);
    }
    if (!commit.delta.triggers.empty()) {
        const WallTime now = impl_->clock();
        for (const Trigger& trigger : commit.delta.triggers) {
            if (!failed.contains(trigger.service)) {
                impl_->kube.network_programming[trigger.family].Observe(
                    std::chrono::duration<double>(now - trigger.at).count());
            }
        }
    }
    for (const auto& plan : commit.delta.changed) {
        if (failed.empty() || !failed.contains(plan->name)) {
            impl_->no_local.committed(*plan);
        }
    }
    for (const ServiceName& name : commit.delta.removed) {
        impl_->no_local.removed(name);
    }
    impl_->show_no_local();
}

void Metrics::on_sync_ended(const SyncEnd& end) {
    const auto& kube = impl_->kube;
    const double took = seconds(end.took);
    for (const Family family : kFamilies) {
        kube.sync_duration[family].Observe(took);
        (end.full ? kube.sync_full_duration : kube.sync_partial_duration)[family].Observe(took);
        if (end.ok) {
            kube.sync_last[family].Set(timestamp(impl_->clock()));
        } else {
            kube.nftables_sync_failures[family].Increment();
        }
    }
    impl_->own.services.Set(static_cast<double>(end.services));
}

void Metrics::on_quarantined(const ServiceName& name, const Error& error) {
    impl_->own.quarantine.entered(name, error);
}
void Metrics::on_cured(const ServiceName& name) {
    impl_->own.quarantine.left(name);
}

void Metrics::on_audited(const Result<KernelReport>& report) {
    const auto& own = impl_->own;
    if (!report) {
        own.audits_failed.Increment();
    } else if (report->drifted == 0 && !report->rebuilt) {
        own.audits_clean.Increment();
    } else {
        own.audits_drifted.Increment();
        own.drift_repairs.Increment(static_cast<double>(report->drifted));
    }
}

void Metrics::on_flows_pruned(const FlowPassEnd& end) {
    // One walk looks at both families.
    for (const Family family : kFamilies) {
        impl_->kube.conntrack_duration[family].Observe(seconds(end.took));
    }
    impl_->kube.conntrack_deleted[Family::ipv4].Increment(static_cast<double>(end.deleted_ipv4));
    impl_->kube.conntrack_deleted[Family::ipv6].Increment(static_cast<double>(end.deleted_ipv6));
    impl_->own.ended_sockets[Family::ipv4].Increment(static_cast<double>(end.ended_ipv4));
    impl_->own.ended_sockets[Family::ipv6].Increment(static_cast<double>(end.ended_ipv6));
}

void Metrics::on_connected(std::string_view resource, bool connected) {
    impl_->own.watch_connected.Add(text_label("resource", resource)).Set(connected ? 1 : 0);
}
void Metrics::on_watch_restarted(std::string_view resource, std::string_view reason) {
    auto labels = text_label("resource", resource);
    labels.emplace("reason", reason);
    impl_->own.watch_restarts.Add(labels).Increment();
}
void Metrics::on_listed(std::string_view resource) {
    impl_->own.lists.Add(text_label("resource", resource)).Increment();
}
void Metrics::on_malformed(std::string_view resource) {
    impl_->own.malformed.Add(text_label("resource", resource)).Increment();
}

void Metrics::count_healthz(bool ok) {
    (ok ? impl_->kube.healthz_200 : impl_->kube.healthz_503).Increment();
}
void Metrics::count_livez(bool ok) {
    (ok ? impl_->kube.livez_200 : impl_->kube.livez_503).Increment();
}
void Metrics::count_config_reload(bool ok) {
    (ok ? impl_->own.reloads_ok : impl_->own.reloads_failed).Increment();
}
void Metrics::count_dropped_event() {
    impl_->own.events_dropped.Increment();
}
void Metrics::count_api_request(std::string_view code, std::string_view method,
                                std::string_view host) {
    auto labels = text_label("code", code);
    labels.emplace("method", method);
    labels.emplace("host", host);
    impl_->kube.api_requests.Add(labels).Increment();
}

}  // namespace sy
