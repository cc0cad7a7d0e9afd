// From flags, interface addresses and the Node object to what a backend needs of the node.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "agent/local_traffic.h"
#include "agent/nodeport_addresses.h"
#include "backends/backend.h"

namespace sy {

/// What the flags say about the node.
struct NodeOptions {
    NodePortSelection nodeports;
    DetectLocal detect_local;
    std::optional<IpAddr> bind_address;
    bool masquerade_all = false;
};

struct ComputedFacts {
    NodeFacts facts;
    /// See NodePortAddresses.
    std::vector<Family> unknown_primary;
    /// Mode NodeCIDR, and the Node object or its podCIDRs are not known (yet).
    bool missing_pod_cidrs = false;
};

/// `node` may be null. `service_cidrs` as ClusterState gives them: sorted, disjoint.
ComputedFacts node_facts(const NodeOptions& options, std::span<const IpAddr> interface_addresses,
                         const Node* node, std::vector<Cidr> service_cidrs);

}  // namespace sy
