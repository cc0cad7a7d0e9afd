// Policy: from a Service and its EndpointSlices to a plan. Pure and total.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/symbols.h"
#include "model/objects.h"
#include "model/plan.h"

namespace sy {

/// What policy needs to know of the node it runs on.
struct NodeView {
    /// Own node name; none: no endpoint is local.
    Symbol name = Symbol::none;
    /// Own zone; none: zone hints never match.
    Symbol zone = Symbol::none;
    /// The node's own address per family (bindAddress or Node object), for source ranges.
    std::optional<IpAddr> ipv4;
    std::optional<IpAddr> ipv6;

    friend bool operator==(const NodeView&, const NodeView&) = default;
};

/// Decides what the kernel must do for `service`. `slices` are the EndpointSlices whose
/// service-name label names it (any order, any family; pointers are only read during the call).
/// Returns a plan without ports when the Service is not ours, headless, or has no usable address.
/// Contested frontends are not looked at here: ClusterState resolves them.
ServicePlan select(const Service& service, std::span<const EndpointSlice* const> slices,
                   const NodeView& node, const Symbols& symbols);

}  // namespace sy
