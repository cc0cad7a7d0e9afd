// Everything /metrics shows. Prometheus stays inside the .cpp files.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/observer.h"
#include "serve/moment.h"
#include "serve/traffic_poll.h"
#include "source/kubernetes/watch_observer.h"

namespace sy {

/// What this program is.
struct BuildInfo {
    std::string version;
};

/// kube-proxy's metrics, by its names, types, labels and buckets, and finer ones of ours. Lives on
/// the strand. An observed commit costs microseconds: no series is looked up by its labels there.
class Metrics : public AgentObserver, public WatchObserver {
  public:
    using WallClock = std::function<WallTime()>;

    Metrics(const BuildInfo& build, WallClock clock);
    ~Metrics() override;

    /// From now on the traffic of Services is shown, too. `limit`: Service ports with counters of
    /// their own.
    void show_traffic(std::size_t limit);
    /// What was read last; after show_traffic().
    void on_traffic(TrafficRead read);

    /// Prometheus' text format.
    std::string text() const;

    // What the agent does.
    void on_changes(const ChangesSeen& seen) override;
    void on_sync_begun() override;
    void on_committed(const Commit& commit) override;
    void on_sync_ended(const SyncEnd& end) override;
    void on_quarantined(const ServiceName& name, const Error& error) override;
    void on_cured(const ServiceName& name) override;
    void on_audited(const Result<KernelReport>& report) override;
    void on_flows_pruned(const FlowPassEnd& end) override;

    // What the Kubernetes source does.
    void on_connected(std::string_view resource, bool connected) override;
    void on_watch_restarted(std::string_view resource, std::string_view reason) override;
    void on_listed(std::string_view resource) override;
    void on_malformed(std::string_view resource) override;

    // What everybody else does.
    void count_healthz(bool ok);
    void count_livez(bool ok);
    void count_config_reload(bool ok);
    /// An Event that could not be delivered.
    void count_dropped_event();
    /// One request to the API server; `code` is the HTTP status or "<error>".
    void count_api_request(std::string_view code, std::string_view method, std::string_view host);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sy
