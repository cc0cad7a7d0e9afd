// The one list of configuration fields: reading, writing and setting by path all walk it.
// Internal to the configuration.
#pragma once

#include <limits>

#include "config/values.h"

namespace sy {

inline constexpr Whole kCount{0, std::numeric_limits<int32_t>::max()};
inline constexpr Whole kBit{0, 31};
/// Elements of a BPF map.
inline constexpr Whole kMapSize{1024, 1 << 24};

template <class Config, class Visitor>
void visit_logging(Config& c, Visitor& v) {
    v.field("flushFrequency", c.flush_frequency, FlushTime{});
    v.field("format", c.format, Plain{});
    const auto buffer = [&v](auto& b) {
        v.field("infoBufferSize", b.info_buffer_size, Quantity{});
        v.field("splitStream", b.split_stream, Plain{});
    };
    v.section("options", [&] {
        v.section("json", [&] { buffer(c.json); });
        v.section("text", [&] { buffer(c.text); });
    });
    v.field("verbosity", c.verbosity, kCount);
    v.field("vmodule", c.vmodule, Plain{});
}

template <class Config, class Visitor>
void visit_modes(Config& c, Visitor& v) {
    v.section("iptables", [&] {
        v.field("localhostNodePorts", c.iptables.localhost_node_ports, Plain{});
        v.field("masqueradeAll", c.iptables.masquerade_all, Plain{});
        v.field("masqueradeBit", c.iptables.masquerade_bit, kBit);
        v.field("minSyncPeriod", c.iptables.min_sync_period, Plain{});
        v.field("syncPeriod", c.iptables.sync_period, Plain{});
    });
    v.section("ipvs", [&] {
        v.field("excludeCIDRs", c.ipvs.exclude_cidrs, Plain{});
        v.field("minSyncPeriod", c.ipvs.min_sync_period, Plain{});
        v.field("scheduler", c.ipvs.scheduler, Plain{});
        v.field("strictARP", c.ipvs.strict_arp, Plain{});
        v.field("syncPeriod", c.ipvs.sync_period, Plain{});
        v.field("tcpFinTimeout", c.ipvs.tcp_fin_timeout, Plain{});
        v.field("tcpTimeout", c.ipvs.tcp_timeout, Plain{});
        v.field("udpTimeout", c.ipvs.udp_timeout, Plain{});
    });
    v.section("nftables", [&] {
        v.field("masqueradeAll", c.nftables.masquerade_all, Plain{});
        v.field("masqueradeBit", c.nftables.masquerade_bit, kBit);
        v.field("minSyncPeriod", c.nftables.min_sync_period, Plain{});
        v.field("syncPeriod", c.nftables.sync_period, Plain{});
    });
    v.section("winkernel", [&] {
        v.field("enableDSR", c.winkernel.enable_dsr, Plain{});
        v.field("forwardHealthCheckVip", c.winkernel.forward_health_check_vip, Plain{});
        v.field("networkName", c.winkernel.network_name, Plain{});
        v.field("rootHnsEndpointName", c.winkernel.root_hns_endpoint_name, Plain{});
        v.field("sourceVip", c.winkernel.source_vip, Plain{});
    });
}

template <class Config, class Visitor>
void visit_conntrack(Config& c, Visitor& v) {
    v.field("maxPerCore", c.max_per_core, kCount);
    v.field("min", c.min, kCount);
    v.field("tcpBeLiberal", c.tcp_be_liberal, Plain{});
    v.field("tcpCloseWaitTimeout", c.tcp_close_wait_timeout, Plain{});
    v.field("tcpEstablishedTimeout", c.tcp_established_timeout, Plain{});
    v.field("udpStreamTimeout", c.udp_stream_timeout, Plain{});
    v.field("udpTimeout", c.udp_timeout, Plain{});
}

template <class Config, class Visitor>
void visit_ebpf(Config& c, Visitor& v) {
    v.field("affinityClients", c.affinity_clients, kMapSize);
    v.field("bpfRoot", c.bpf_root, Plain{});
    v.field("cgroupRoot", c.cgroup_root, Plain{});
    v.field("maxEndpoints", c.max_endpoints, kMapSize);
    v.field("maxFrontends", c.max_frontends, kMapSize);
    v.field("maxServices", c.max_services, kMapSize);
    v.field("showVIP", c.show_vip, Plain{});
    v.field("skipCgroups", c.skip_cgroups, Paths{});
    v.field("skipNetns", c.skip_netns, Paths{});
}

template <class Config, class Visitor>
void visit_switchyard(Config& c, Visitor& v) {
    v.section("ebpf", [&] { visit_ebpf(c.ebpf, v); });
    v.section("iptables", [&] { v.field("variant", c.iptables_variant, Plain{}); });
    v.field("logFormat", c.log_format, Plain{});
    v.field("logLevel", c.log_level, Plain{});
    v.field("manifests", c.manifests, Paths{});
    v.field("metricsMaxServices", c.metrics_max_services, Whole{0, 1 << 20});
    v.field("minSyncPeriod", c.min_sync_period, Plain{});
    v.section("quarantine", [&] {
        v.field("retryFirst", c.quarantine.retry_first, Plain{});
        v.field("retryLimit", c.quarantine.retry_limit, Plain{});
    });
    v.field("syncPeriod", c.sync_period, Plain{});
}

/// Calls `v.field(name, value, kind)` for each field, and `v.section(name, body)` around those of a
/// section, in the order in which they are written. `Config` is ProxyConfig, const or not.
template <class Config, class Visitor>
void visit_fields(Config& c, Visitor& v) {
    v.field("bindAddress", c.bind_address, Plain{});
    v.field("bindAddressHardFail", c.bind_address_hard_fail, Plain{});
    v.section("clientConnection", [&] {
        auto& client = c.client_connection;
        v.field("acceptContentTypes", client.accept_content_types, Plain{});
        v.field("burst", client.burst, kCount);
        v.field("contentType", client.content_type, Plain{});
        v.field("kubeconfig", client.kubeconfig, Plain{});
        v.field("qps", client.qps, Plain{});
    });
    v.field("clusterCIDR", c.cluster_cidr, CommaList{});
    v.field("configSyncPeriod", c.config_sync_period, Plain{});
    v.section("conntrack", [&] { visit_conntrack(c.conntrack, v); });
    v.section("detectLocal", [&] {
        v.field("bridgeInterface", c.detect_local.bridge_interface, Plain{});
        v.field("interfaceNamePrefix", c.detect_local.interface_name_prefix, Plain{});
    });
    v.field("detectLocalMode", c.detect_local_mode, Plain{});
    v.field("enableProfiling", c.enable_profiling, Plain{});
    v.field("featureGates", c.feature_gates, Plain{});
    v.field("healthzBindAddress", c.healthz_bind_address, Listen{kHealthzPort});
    v.field("hostnameOverride", c.hostname_override, Plain{});
    v.section("logging", [&] { visit_logging(c.logging, v); });
    v.field("metricsBindAddress", c.metrics_bind_address, Listen{kMetricsPort});
    v.field("mode", c.mode, Plain{});
    visit_modes(c, v);
    v.field("nodePortAddresses", c.node_port_addresses, Plain{});
    v.field("oomScoreAdj", c.oom_score_adj, Whole{-1000, 1000});
    v.field("portRange", c.port_range, Plain{});
    v.field("showHiddenMetricsForVersion", c.show_hidden_metrics_for_version, Plain{});
    v.section("switchyard", [&] { visit_switchyard(c.switchyard, v); });
    v.field("windowsRunAsService", c.windows_run_as_service, Plain{});
}

}  // namespace sy
