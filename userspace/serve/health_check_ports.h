// The servers behind spec.healthCheckNodePort: load balancers ask them which nodes have endpoints.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "agent/observer.h"
#include "base/cluster_event.h"
#include "base/log.h"
#include "serve/health_check_table.h"
#include "serve/listener.h"

namespace sy {

/// Opens and closes listeners as committed plans and addresses ask for; one that cannot be opened
/// is told as a Kubernetes Event and tried again after every sync and now and then. What a Service
/// of the quarantine wants stays as it was, like its rules. Lives on the strand.
class HealthCheckPorts {
  public:
    struct Config {
        boost::asio::io_context& io;
        Log& log;
        /// May be null: nobody to tell.
        EventSink* events = nullptr;
        std::string node_name;
        /// In the sense of /livez.
        std::function<bool()> proxy_healthy;
    };

    HealthCheckPorts(Config config, const NodePortSelection& selection);
    HealthCheckPorts(const HealthCheckPorts&) = delete;
    HealthCheckPorts& operator=(const HealthCheckPorts&) = delete;

    /// Takes effect with the next successful sync.
    void select(const NodePortSelection& selection);
    void on_committed(const Commit& commit);
    /// A sync has succeeded: opens and closes, and tries again what could not be opened.
    void on_synced();
    /// A sync had nothing to do: opens and closes what another selection asks for.
    void on_unchanged();

    /// Closes everything; nothing is opened until something changes.
    void close();

    std::size_t listening() const;

  private:
    /// What the open listeners were derived from.
    struct Basis {
        uint64_t version = 0;
        FamilySet everywhere;
        std::vector<IpAddr> addresses;

        friend bool operator==(const Basis&, const Basis&) = default;
    };

    void reconcile();
    void open(const HealthCheckListener& wanted);
    void report(const HealthCheckListener& wanted, const Error& error);

    Config config_;
    HealthCheckTable table_;
    Basis wanted_;
    Basis opened_;
    std::map<HealthCheckListener, std::unique_ptr<Listener>> listeners_;
};

}  // namespace sy
