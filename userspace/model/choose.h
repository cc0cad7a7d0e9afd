// Which endpoints of a Service port get connections.
#pragma once

#include <span>
#include <vector>

#include "base/symbols.h"
#include "model/merge.h"
#include "model/plan.h"
#include "model/select.h"

namespace sy {

/// The traffic policies of a Service port in one family.
struct Policies {
    bool internal_local = false;
    bool external_local = false;
    /// The port has a NodePort, a load balancer address or an external address in this family.
    /// Without one the external policy means nothing.
    bool external = false;

    bool uses_cluster() const { return !internal_local || external; }
    bool uses_local() const { return internal_local || (external_local && external); }
};

struct Choice {
    /// Ready endpoints that topology allows; if there is no Ready endpoint, those that terminate
    /// but still serve.
    std::vector<PlannedEndpoint> cluster;
    /// The same of this node only, regardless of topology.
    std::vector<PlannedEndpoint> local;
    /// Somebody, somewhere, could answer: an empty list is then a passing state, not a refusal.
    bool has_any = false;
};

/// Lists that no policy uses stay empty.
Choice choose(std::span<const Candidate> candidates, const Policies& policies, const NodeView& node,
              const Symbols& symbols);

/// True if `endpoint` runs on `node`.
bool is_local(const Endpoint& endpoint, const NodeView& node);

}  // namespace sy
