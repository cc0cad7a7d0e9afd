// What must become of a packet: the words of docs/semantics.md once more, in the form "for this
// client and this destination", independent of every backend. The judge of the equivalence test.
#pragma once

#include <set>
#include <string>

#include "backends/backend.h"
#include "model/cluster_state.h"
#include "tests/support/probe.h"

namespace sy::lab {

/// What new connections of a flow may become, in the words of describe().
struct Expected {
    /// All of these happen, given enough tries; "refused" and "silent" stand alone.
    std::set<std::string> outcomes;
    /// Only one of them, always the same (session affinity).
    bool sticky = false;
};

/// For flows of TCP and UDP from pod1, pod2, node, ext and blk, bound to the place's own address.
/// `plans` are all Services of the cluster; endpoints are on pod1, pod2 and podr.
Expected verdict(const PlanDelta& plans, const NodeFacts& facts, const Flow& flow);

}  // namespace sy::lab
