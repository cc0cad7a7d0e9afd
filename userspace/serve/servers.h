// All our servers, fed by what the agent and the source tell.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/node_facts.h"
#include "agent/observer.h"
#include "base/cluster_event.h"
#include "base/log.h"
#include "base/serving_options.h"
#include "serve/metrics.h"

namespace boost::asio {
class io_context;
}

namespace sy {

struct ServersOptions {
    ServingOptions addresses;
    /// Changes that are pending for twice this long make us unhealthy.
    Duration sync_period = std::chrono::seconds(30);
    /// Without an own Node object the node is not eligible for traffic: with an API server. (With
    /// manifest files it is.)
    bool node_required = true;
    NodePortSelection nodeports;
    /// For /proxyMode.
    std::string proxy_mode;
    /// For /configz: JSON.
    std::string configz = "{}";
};

/// Health, metrics and health check node ports. Lives on the strand; must outlive the agent.
class Servers : public AgentObserver {
  public:
    struct Parts {
        boost::asio::io_context& io;
        Log& log;
        /// May be null: nobody to tell.
        EventSink* events = nullptr;
        std::string node_name;
        BuildInfo build;
        /// A server cannot listen and ServingOptions::bind_hard_fail is set.
        std::function<void(const Error&)> on_fatal;
    };

    Servers(Parts parts, ServersOptions options);
    Servers(const Servers&) = delete;
    Servers& operator=(const Servers&) = delete;
    ~Servers() override;

    /// Begins to listen for health and metrics.
    void start();
    /// Takes other settings; servers whose address does not change keep their connections.
    void reconfigure(ServersOptions options);
    /// Closes everything.
    void stop();

    /// From now on /metrics shows what `reader` reads, too. `limit`: see Metrics::show_traffic.
    void show_traffic(std::unique_ptr<TrafficReader> reader, std::size_t limit);

    /// For the source, the API client, the configuration and the sender of Events.
    Metrics& metrics();

    void on_changes(const ChangesSeen& seen) override;
    void on_lists(bool services, bool slices) override;
    void on_node(const Node* node) override;
    void on_sync_begun() override;
    void on_sync_skipped() override;
    void on_committed(const Commit& commit) override;
    void on_sync_ended(const SyncEnd& end) override;
    void on_first_sync() override;
    void on_quarantined(const ServiceName& name, const Error& error) override;
    void on_cured(const ServiceName& name) override;
    void on_audited(const Result<KernelReport>& report) override;
    void on_flows_pruned(const FlowPassEnd& end) override;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sy
