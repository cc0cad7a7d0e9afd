// kube-proxy's configuration (KubeProxyConfiguration, kubeproxy.config.k8s.io/v1alpha1) as a value.
//
// A value holds what was written: what is zero, empty or nothing was left out, as in kube-proxy,
// where a field of value zero takes its default. complete() fills the defaults in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/local_traffic.h"
#include "agent/nodeport_addresses.h"
#include "backends/settings.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/net.h"

namespace sy {

using Nanoseconds = std::chrono::nanoseconds;

struct ClientConnectionConfig {
    std::string kubeconfig;
    std::string accept_content_types;
    std::string content_type;
    /// Requests per second; negative: no limit.
    double qps = 0;
    int64_t burst = 0;

    friend bool operator==(const ClientConnectionConfig&, const ClientConnectionConfig&) = default;
};

struct VModuleItem {
    std::string file_pattern;
    int64_t verbosity = 0;

    friend bool operator==(const VModuleItem&, const VModuleItem&) = default;
};

struct LogBufferConfig {
    bool split_stream = false;
    /// A quantity, such as "0" or "64Ki".
    std::string info_buffer_size;

    friend bool operator==(const LogBufferConfig&, const LogBufferConfig&) = default;
};

struct LoggingConfig {
    std::string format;
    Nanoseconds flush_frequency{0};
    int64_t verbosity = 0;
    std::vector<VModuleItem> vmodule;
    LogBufferConfig json;
    LogBufferConfig text;

    friend bool operator==(const LoggingConfig&, const LoggingConfig&) = default;
};

struct IptablesConfig {
    std::optional<int64_t> masquerade_bit;
    bool masquerade_all = false;
    std::optional<bool> localhost_node_ports;
    Nanoseconds sync_period{0};
    Nanoseconds min_sync_period{0};

    friend bool operator==(const IptablesConfig&, const IptablesConfig&) = default;
};

struct IpvsConfig {
    Nanoseconds sync_period{0};
    Nanoseconds min_sync_period{0};
    std::string scheduler;
    std::vector<Cidr> exclude_cidrs;
    bool strict_arp = false;
    Nanoseconds tcp_timeout{0};
    Nanoseconds tcp_fin_timeout{0};
    Nanoseconds udp_timeout{0};

    friend bool operator==(const IpvsConfig&, const IpvsConfig&) = default;
};

struct NftablesConfig {
    std::optional<int64_t> masquerade_bit;
    bool masquerade_all = false;
    Nanoseconds sync_period{0};
    Nanoseconds min_sync_period{0};

    friend bool operator==(const NftablesConfig&, const NftablesConfig&) = default;
};

/// Means something on Windows only.
struct WinkernelConfig {
    std::string network_name;
    std::string source_vip;
    bool enable_dsr = false;
    std::string root_hns_endpoint_name;
    bool forward_health_check_vip = false;

    friend bool operator==(const WinkernelConfig&, const WinkernelConfig&) = default;
};

struct DetectLocalConfig {
    std::string bridge_interface;
    std::string interface_name_prefix;

    friend bool operator==(const DetectLocalConfig&, const DetectLocalConfig&) = default;
};

struct ConntrackConfig {
    std::optional<int64_t> max_per_core;
    std::optional<int64_t> min;
    std::optional<Nanoseconds> tcp_established_timeout;
    std::optional<Nanoseconds> tcp_close_wait_timeout;
    bool tcp_be_liberal = false;
    Nanoseconds udp_timeout{0};
    Nanoseconds udp_stream_timeout{0};

    friend bool operator==(const ConntrackConfig&, const ConntrackConfig&) = default;
};

struct QuarantineConfig {
    Nanoseconds retry_first{0};
    Nanoseconds retry_limit{0};

    friend bool operator==(const QuarantineConfig&, const QuarantineConfig&) = default;
};

/// What mode ebpf needs to be told.
struct EbpfConfig {
    std::string cgroup_root;
    std::string bpf_root;
    std::optional<int64_t> max_frontends;
    std::optional<int64_t> max_services;
    std::optional<int64_t> max_endpoints;
    std::optional<int64_t> affinity_clients;
    std::optional<bool> show_vip;
    std::vector<std::string> skip_cgroups;
    std::vector<std::string> skip_netns;

    friend bool operator==(const EbpfConfig&, const EbpfConfig&) = default;
};

/// The section "switchyard": what kube-proxy has no field for, or means otherwise.
struct SwitchyardConfig {
    std::vector<std::string> manifests;
    /// Win over those of the mode's own section.
    std::optional<Nanoseconds> min_sync_period;
    std::optional<Nanoseconds> sync_period;
    /// Win over `logging`.
    std::optional<LogLevel> log_level;
    std::string log_format;
    /// Service ports with metrics of their own, at most.
    std::optional<int64_t> metrics_max_services;
    EbpfConfig ebpf;
    std::optional<IptablesVariant> iptables_variant;
    QuarantineConfig quarantine;

    friend bool operator==(const SwitchyardConfig&, const SwitchyardConfig&) = default;
};

struct ProxyConfig {
    std::map<std::string, bool> feature_gates;
    ClientConnectionConfig client_connection;
    LoggingConfig logging;
    std::string hostname_override;
    std::optional<IpAddr> bind_address;
    /// Port 0: no server.
    std::optional<SocketAddress> healthz_bind_address;
    std::optional<SocketAddress> metrics_bind_address;
    bool bind_address_hard_fail = false;
    bool enable_profiling = false;
    std::string show_hidden_metrics_for_version;
    std::string mode;
    IptablesConfig iptables;
    IpvsConfig ipvs;
    NftablesConfig nftables;
    WinkernelConfig winkernel;
    bool windows_run_as_service = false;
    std::optional<DetectLocalMode> detect_local_mode;
    DetectLocalConfig detect_local;
    std::vector<Cidr> cluster_cidr;
    std::optional<NodePortSelection> node_port_addresses;
    std::optional<int64_t> oom_score_adj;
    ConntrackConfig conntrack;
    Nanoseconds config_sync_period{0};
    std::string port_range;
    SwitchyardConfig switchyard;

    friend bool operator==(const ProxyConfig&, const ProxyConfig&) = default;
};

/// The configuration in force: every default filled in. `default_mode` is what mode "" means. In
/// kube-proxy it means iptables, so the section "iptables" then counts wherever the section of
/// `default_mode` says nothing.
ProxyConfig complete(ProxyConfig config, std::string_view default_mode);

inline constexpr Port kHealthzPort{10256};
inline constexpr Port kMetricsPort{10249};

}  // namespace sy
