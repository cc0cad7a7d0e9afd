// Ending stale UDP flows, wherever they are kept.
#pragma once

#include <memory>

#include "agent/flow_reconciler.h"
#include "backends/backend.h"
#include "os/conntrack.h"

namespace sy {

/// A pass of the flow reconciler: over connection tracking, and over the sockets that the backend
/// has bound to endpoints, if it does so. Used by one thread at a time.
class FlowPass {
  public:
    /// `sockets` may be null.
    FlowPass(ConntrackPruner tracked, std::unique_ptr<SocketPruner> sockets)
        : tracked_(std::move(tracked)), sockets_(std::move(sockets)) {}

    /// Looks at both even if one fails; the error is the first one then.
    Result<FlowReport> run(const UdpSuspects& suspects);

  private:
    ConntrackPruner tracked_;
    std::unique_ptr<SocketPruner> sockets_;
};

}  // namespace sy
