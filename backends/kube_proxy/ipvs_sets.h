// The sets of kube-proxy's ipvs mode.
#pragma once

#include <string_view>

namespace sy::kube_proxy {

/// Whether kube-proxy gave a set this name, for either family. Sets of others that begin with
/// "KUBE-" are none of its.
bool is_ipvs_set(std::string_view name);

}  // namespace sy::kube_proxy
