// The flags as they were typed.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sy {

/// Text of each flag; absent means: not given. What it means is decided in options.h.
struct Flags {
    std::vector<std::string> manifests;
    std::optional<std::string> proxy_mode;
    std::optional<std::string> hostname_override;
    std::optional<std::string> bind_address;

    std::optional<std::string> cluster_cidr;
    std::optional<std::string> detect_local_mode;
    std::optional<std::string> pod_bridge_interface;
    std::optional<std::string> pod_interface_name_prefix;
    bool masquerade_all = false;
    std::vector<std::string> nodeport_addresses;

    std::optional<std::string> min_sync_period;
    std::optional<std::string> iptables_min_sync_period;
    std::optional<std::string> sync_period;
    std::optional<std::string> iptables_sync_period;

    std::optional<std::string> conntrack_max_per_core;
    std::optional<std::string> conntrack_min;
    std::optional<std::string> conntrack_tcp_timeout_established;
    std::optional<std::string> conntrack_tcp_timeout_close_wait;
    std::optional<std::string> conntrack_udp_timeout;
    std::optional<std::string> conntrack_udp_timeout_stream;
    bool conntrack_tcp_be_liberal = false;

    std::optional<std::string> verbosity;
    std::optional<std::string> log_level;
    std::optional<std::string> log_format;
};

}  // namespace sy
