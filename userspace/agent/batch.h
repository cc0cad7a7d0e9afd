// What travels from the strand to the worker and back.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "agent/clock.h"
#include "backends/backend.h"

namespace sy {

/// Services selected for one apply.
struct Batch {
    std::shared_ptr<const PlanDelta> delta;
    /// Ends the first pass over all Services that were told.
    bool ends_first_pass = false;
    /// And nothing was left untold: see Backend::apply.
    bool complete = false;
    /// Nothing of the sync follows.
    bool last = false;
    /// When the oldest event in it arrived.
    TimePoint since{};
};

/// What the worker says of a batch.
struct Applied {
    Batch batch;
    std::shared_ptr<const NodeFacts> facts;
    ApplyReport report;
    /// Time on the worker.
    Duration busy{};
    /// After the complete batch: see Backend::orphaned_udp_frontends.
    std::vector<EndpointAddr> orphans;
    std::vector<MapFill> fill;
};

}  // namespace sy
