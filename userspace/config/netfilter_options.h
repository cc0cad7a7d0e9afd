// What modes iptables and ipvs are told. Internal to the configuration.
#pragma once

#include <functional>
#include <string_view>

#include "backends/settings.h"
#include "config/proxy_config.h"

namespace sy {

/// Both take a complete() configuration, and `complain` the path of a field and what is wrong with
/// it. In modes that have no use for them settings stay at their defaults, so that they never count
/// as a change.
IptablesSettings iptables_settings(const ProxyConfig& config);
IpvsSettings ipvs_settings(
    const ProxyConfig& config,
    const std::function<void(std::string_view path, std::string_view what)>& complain);

/// Whether mode iptables serves NodePorts on 127.0.0.1: as in kube-proxy only if the addresses that
/// serve NodePorts take loopback in.
bool serves_localhost(const ProxyConfig& config);

}  // namespace sy
