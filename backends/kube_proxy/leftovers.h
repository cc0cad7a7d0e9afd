// What kube-proxy leaves in a network namespace when it ends: its rules, which go on translating to
// endpoints that may be long gone.
#pragma once

#include "base/log.h"

namespace sy::kube_proxy {

/// Removes what kube-proxy's nftables and iptables modes left in the network namespace of the
/// calling thread: tables and chains by their names, nothing else. To be called when our own rules
/// are in place, so that there is no gap. Blocks. What was removed, and what could not be, is told
/// in the log. Does nothing, and says nothing, where there is nothing.
void remove_leftovers(Log& log);

}  // namespace sy::kube_proxy
