#include <string>

#include "backends/settings.h"
#include "config/inert.h"
#include "config/proxy_config.h"

namespace sy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

template <class T>
void fill(T& value, T wanted) {
    if (value == T{}) {
        value = std::move(wanted);
    }
}

template <class T>
void fill(std::optional<T>& value, T wanted) {
    if (!value) {
        value = std::move(wanted);
    }
}

/// kube-proxy serves what binds to an address of the family of bindAddress.
void fill_servers(ProxyConfig& c) {
    const bool v6 = c.bind_address->family() == Family::ipv6;
    const auto any = unspecified(v6 ? Family::ipv6 : Family::ipv4);
    const auto loopback = v6 ? *IpAddr::parse("::1") : IpAddr::v4(127, 0, 0, 1);
    fill(c.healthz_bind_address, SocketAddress{any, kHealthzPort});
    fill(c.metrics_bind_address, SocketAddress{loopback, kMetricsPort});
}

void fill_modes(ProxyConfig& c) {
    constexpr int64_t kMasqueradeBit = 14;
    fill(c.iptables.masquerade_bit, kMasqueradeBit);
    fill(c.iptables.localhost_node_ports, true);
    fill(c.nftables.masquerade_bit, kMasqueradeBit);
    // No pause between syncs is the one default that is not kube-proxy's (1s): ours cost little.
    for (Nanoseconds* period :
         {&c.iptables.sync_period, &c.nftables.sync_period, &c.ipvs.sync_period}) {
        fill<Nanoseconds>(*period, seconds(30));
    }
}

void fill_conntrack(ConntrackConfig& c) {
    fill<int64_t>(c.max_per_core, 32 * 1024);
    fill<int64_t>(c.min, 128 * 1024);
    fill<Nanoseconds>(c.tcp_established_timeout, hours(24));
    fill<Nanoseconds>(c.tcp_close_wait_timeout, hours(1));
}

void fill_logging(LoggingConfig& c) {
    fill<std::string>(c.format, "text");
    fill<Nanoseconds>(c.flush_frequency, seconds(5));
    fill<std::string>(c.json.info_buffer_size, "0");
    fill<std::string>(c.text.info_buffer_size, "0");
}

/// For files written for kube-proxy, whose mode "" is iptables.
void borrow_from_iptables(ProxyConfig& c) {
    if (!c.nftables.masquerade_bit) {
        c.nftables.masquerade_bit = c.iptables.masquerade_bit;
    }
    c.nftables.masquerade_all = c.nftables.masquerade_all || c.iptables.masquerade_all;
    fill(c.nftables.sync_period, c.iptables.sync_period);
    fill(c.nftables.min_sync_period, c.iptables.min_sync_period);
}

void fill_switchyard(SwitchyardConfig& c) {
    fill<int64_t>(c.metrics_max_services, 1000);
    fill<Nanoseconds>(c.quarantine.retry_first, seconds(1));
    fill<Nanoseconds>(c.quarantine.retry_limit, minutes(5));
    fill(c.iptables_variant, IptablesVariant::detect);
    const EbpfSettings defaults;
    fill(c.ebpf.cgroup_root, defaults.cgroup_root);
    fill(c.ebpf.bpf_root, defaults.bpf_root);
    fill<int64_t>(c.ebpf.max_frontends, defaults.max_frontends);
    fill<int64_t>(c.ebpf.max_services, defaults.max_services);
    fill<int64_t>(c.ebpf.max_endpoints, defaults.max_endpoints);
    fill<int64_t>(c.ebpf.affinity_clients, defaults.affinity_clients);
    fill(c.ebpf.show_vip, defaults.show_vip);
}

}  // namespace

ProxyConfig complete(ProxyConfig config, std::string_view default_mode) {
    if (config.mode.empty()) {
        config.mode = default_mode;
        borrow_from_iptables(config);
    }
    fill<IpAddr>(config.bind_address, unspecified(Family::ipv4));
    fill_servers(config);
    fill<std::string>(config.client_connection.content_type, "application/vnd.kubernetes.protobuf");
    fill(config.client_connection.qps, 5.0);
    fill<int64_t>(config.client_connection.burst, 10);
    fill_logging(config.logging);
    fill_modes(config);
    fill(config.detect_local_mode, DetectLocalMode::cluster_cidr);
    // kube-proxy's modes differ here as well: only nftables is closed by default.
    if (section_of(config.mode) == "nftables") {
        fill(config.node_port_addresses, NodePortSelection{.primary = true, .cidrs = {}});
    }
    fill<int64_t>(config.oom_score_adj, -999);
    fill_conntrack(config.conntrack);
    fill<Nanoseconds>(config.config_sync_period, minutes(15));
    fill_switchyard(config.switchyard);
    return config;
}

}  // namespace sy
