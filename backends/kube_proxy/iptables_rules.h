// Which iptables rules kube-proxy left behind, and how they go away.
#pragma once

#include <string>
#include <string_view>

namespace sy::kube_proxy {

/// From the output of iptables-save to an input for `iptables-restore --noflush` that removes
/// kube-proxy's chains (those that `kube-proxy --cleanup` removes: not the kubelet's) and the jumps
/// to them from built-in chains. A chain that somebody else's chain jumps to stays. Empty: there is
/// nothing to remove.
std::string removal_of_rules(std::string_view saved);

}  // namespace sy::kube_proxy
