// What kube-proxy leaves in a network namespace when it ends: its rules, which go on translating to
// endpoints that may be long gone.
#pragma once

#include <vector>

#include "base/ip.h"
#include "base/log.h"

namespace sy::kube_proxy {

/// Removes what kube-proxy left in the network namespace of the calling thread, by its names and
/// nothing else: tables of mode nftables, chains of modes iptables and ipvs, and of ipvs the sets,
/// the virtual servers (but those at `exclude`) and the interface with their addresses. To be
/// called when our own rules are in place, so that there is no gap. Blocks. What was removed, and
/// what could not be, is told in the log. Does nothing, and says nothing, where there is nothing.
void remove_leftovers(const std::vector<Cidr>& exclude, Log& log);

}  // namespace sy::kube_proxy
