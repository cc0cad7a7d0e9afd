// Node-wide facts as elements and table settings.
#pragma once

#include <vector>

#include "backends/backend.h"
#include "backends/nftables/element.h"
#include "backends/nftables/table.h"

namespace sy::nft {

/// Elements of nodeport_ips, pod_cidrs and service_cidrs for `facts`, both families, sorted.
std::vector<Element> node_elements(const NodeFacts& facts);

/// Interval sets whose elements cannot be changed one by one: they are flushed and written anew.
bool is_node_interval(SetId set);

}  // namespace sy::nft
