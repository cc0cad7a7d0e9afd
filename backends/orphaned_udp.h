// UDP frontends that a previous process left and that no Service has claimed.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "backends/backend.h"
#include "base/net.h"
#include "model/plan.h"

namespace sy {

/// Found at adoption; NodePorts have the unspecified address of their family.
class OrphanedUdp {
  public:
    OrphanedUdp() = default;
    explicit OrphanedUdp(std::set<EndpointAddr> found) : found_(std::move(found)) {}

    /// The frontends of a Service that exists are nobody's orphans.
    void claim(const ServicePlan& plan);
    /// Those left, NodePorts at each address that serves them.
    std::vector<EndpointAddr> at(const NodeFacts& facts) const;

  private:
    std::set<EndpointAddr> found_;
};

}  // namespace sy
