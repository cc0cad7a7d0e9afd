// The loop: events in, commits out.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/flow_reconciler.h"
#include "agent/node_facts.h"
#include "agent/observer.h"
#include "agent/pacer.h"
#include "agent/quarantine.h"
#include "backends/backend.h"
#include "base/log.h"
#include "base/symbols.h"
#include "model/event.h"

namespace boost::asio {
class io_context;
}

namespace sy {

struct AgentOptions {
    /// Endpoints on this node are local.
    std::string node_name;
    NodeOptions node;
    Pacer::Config pace;
    Quarantine::Config quarantine;
    /// Services per commit at most: bounds the memory of plans in flight.
    std::size_t batch = 2048;
    /// Changes of endpoints triggered earlier do not count for the programming latency.
    std::chrono::system_clock::time_point started = std::chrono::system_clock::now();
};

/// What the agent needs from outside.
struct AgentParts {
    boost::asio::io_context& io;
    Log& log;
    /// Must outlive the agent.
    Symbols& symbols;
    std::unique_ptr<Backend> backend;
    FlowReconciler::Pass prune_flows;
    /// Must outlive the agent.
    AgentObserver& observer;
    /// The first complete pass is in the kernel.
    std::function<void()> on_synced;
    /// A job that took memory in proportion to the cluster has ended (the first pass, an audit).
    std::function<void()> on_bulk_done;
    /// The agent cannot work here and has stopped (a kernel feature is missing).
    std::function<void(const Error&)> on_fatal;
};

/// Owns the cluster state, on the strand (the thread that runs `io`), and the backend, on a worker
/// thread. Nothing is written before the lists are complete. All calls on the strand.
class Agent {
  public:
    Agent(AgentParts parts, AgentOptions options);
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;
    /// Waits for the commit that runs. The kernel keeps what was written.
    ~Agent();

    /// Probes and reads the kernel, on the worker. What events want is done after that.
    void start();
    /// Nothing new is begun; no callback follows.
    void stop();

    /// From the source, any number at a time.
    void on_events(std::vector<Event> events);
    /// The addresses of all interfaces, whenever they change; the first call before start().
    void on_addresses(std::vector<IpAddr> addresses);
    /// Takes other settings from now on. What they change in the kernel is written at once, and no
    /// rule is dropped meanwhile; a pause that is running keeps its length.
    void reconfigure(const NodeOptions& node, const Pacer::Config& pace,
                     const Quarantine::Config& quarantine);
    /// Compares the kernel with what was written, soon.
    void request_audit();

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace sy
