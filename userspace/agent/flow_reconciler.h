// Ends stale UDP flows after commits, on a thread of its own so that no commit waits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "agent/observer.h"
#include "agent/udp_frontends.h"
#include "backends/backend.h"
#include "base/log.h"
#include "base/result.h"

namespace boost::asio {
class io_context;
}

namespace sy {

/// What one pass over tracked flows and bound sockets did.
struct FlowReport {
    /// Both together.
    uint64_t seen = 0;
    /// Tracked flows.
    uint64_t deleted_ipv4 = 0;
    uint64_t deleted_ipv6 = 0;
    /// Sockets.
    uint64_t ended_ipv4 = 0;
    uint64_t ended_ipv6 = 0;
};

/// Event-driven: a pass runs only after a commit made frontends suspect. What becomes suspect
/// during a pass, or in the time after it that keeps passes to a tenth of a processor, coalesces
/// into the next. A failed pass is repeated with backoff. Lives on the strand.
class FlowReconciler {
  public:
    /// Looks at every UDP flow once and ends the stale ones. Called on the reconciler's thread.
    using Pass = std::function<Result<FlowReport>(const UdpSuspects&)>;

    /// Told of every pass, on the strand.
    using Ended = std::function<void(const FlowPassEnd&)>;

    FlowReconciler(boost::asio::io_context& io, Log& log, Pass pass, Ended ended);
    /// Waits for a pass that runs.
    ~FlowReconciler();

    /// All of `delta` but `quarantined` is in the kernel, and so are `nodeport_addresses`.
    void committed(const PlanDelta& delta, const std::vector<Quarantined>& quarantined,
                   const std::vector<IpAddr>& nodeport_addresses);
    /// The first complete pass is in the kernel: from now on flows may be judged. `orphans` are
    /// frontends of a former process that nobody serves any more.
    void open(std::span<const EndpointAddr> orphans);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace sy
