// Node-wide facts as members of sets.
#pragma once

#include <vector>

#include "backends/backend.h"
#include "backends/iptables/compile.h"

namespace sy::iptables {

/// Members of node_port_ip, pod_cidr and service_cidr for `facts`, sorted.
std::vector<Object> node_members(const NodeFacts& facts, const CompileOptions& options);

}  // namespace sy::iptables
