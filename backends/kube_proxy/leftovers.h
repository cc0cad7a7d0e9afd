// What kube-proxy leaves in a network namespace when it ends: its rules, which go on translating to
// endpoints that may be long gone.
#pragma once

#include "base/log.h"

namespace sy::kube_proxy {

/// Removes what kube-proxy left in the network namespace of the calling thread, by its names and
/// nothing else: tables of mode nftables, chains of modes iptables and ipvs, and of ipvs the sets
/// and the interface with the addresses. Virtual servers stay: who has IPVS at hand knows which of
/// them are somebody's. To be called when our own rules are in place, so that there is no gap.
/// Blocks. What was removed, and what could not be, is told in the log. Does nothing, and says
/// nothing, where there is nothing.
void remove_leftovers(Log& log);

}  // namespace sy::kube_proxy
