#include <gmock/gmock.h>

#include "config/proxy_config.h"

namespace sy {
namespace {

using namespace std::chrono_literals;

SocketAddress at(const char* ip, uint16_t port) {
    return {*IpAddr::parse(ip), Port{port}};
}

TEST(Complete, DefaultsAreThoseOfKubeProxyButForThePause) {
    const auto c = complete({}, "nftables");
    EXPECT_EQ(c.mode, "nftables");
    EXPECT_EQ(c.bind_address, IpAddr::v4(0, 0, 0, 0));
    EXPECT_EQ(c.healthz_bind_address, at("0.0.0.0", 10256));
    EXPECT_EQ(c.metrics_bind_address, at("127.0.0.1", 10249));
    EXPECT_EQ(c.client_connection.qps, 5);
    EXPECT_EQ(c.client_connection.burst, 10);
    EXPECT_EQ(c.config_sync_period, 15min);
    EXPECT_EQ(c.conntrack.max_per_core, 32768);
    EXPECT_EQ(c.conntrack.min, 131072);
    EXPECT_EQ(c.conntrack.tcp_established_timeout, 24h);
    EXPECT_EQ(c.conntrack.tcp_close_wait_timeout, 1h);
    EXPECT_EQ(c.detect_local_mode, DetectLocalMode::cluster_cidr);
    EXPECT_EQ(c.iptables.masquerade_bit, 14);
    EXPECT_EQ(c.iptables.localhost_node_ports, true);
    EXPECT_EQ(c.iptables.sync_period, 30s);
    EXPECT_EQ(c.ipvs.sync_period, 30s);
    EXPECT_EQ(c.nftables.masquerade_bit, 14);
    EXPECT_EQ(c.nftables.sync_period, 30s);
    EXPECT_EQ(c.nftables.min_sync_period, 0s);
    EXPECT_EQ(c.node_port_addresses, (NodePortSelection{.primary = true, .cidrs = {}}));
    EXPECT_EQ(c.oom_score_adj, -999);
}

TEST(Complete, IsDoneOnce) {
    const auto c = complete({}, "nftables");
    EXPECT_EQ(complete(c, "iptables"), c);
}

TEST(Complete, ServersFollowTheFamilyOfTheBindAddress) {
    ProxyConfig c;
    c.bind_address = IpAddr::parse("2001:db8::1");
    EXPECT_EQ(complete(c, "nftables").healthz_bind_address, at("::", 10256));
    EXPECT_EQ(complete(c, "nftables").metrics_bind_address, at("::1", 10249));
    c.bind_address = IpAddr::parse("192.0.2.1");
    EXPECT_EQ(complete(c, "nftables").healthz_bind_address, at("0.0.0.0", 10256));
    c.healthz_bind_address = at("::1", 1);
    EXPECT_EQ(complete(c, "nftables").healthz_bind_address, at("::1", 1));
}

TEST(Complete, WithoutAModeTheIptablesSectionCountsWhereNftablesSaysNothing) {
    ProxyConfig c;
    c.iptables = {.masquerade_bit = 1,
                  .masquerade_all = true,
                  .localhost_node_ports = {},
                  .sync_period = 10s,
                  .min_sync_period = 1s};
    EXPECT_EQ(complete(c, "nftables").nftables, (NftablesConfig{.masquerade_bit = 1,
                                                                .masquerade_all = true,
                                                                .sync_period = 10s,
                                                                .min_sync_period = 1s}));
    c.nftables = {
        .masquerade_bit = 2, .masquerade_all = false, .sync_period = 20s, .min_sync_period = 2s};
    EXPECT_EQ(complete(c, "nftables").nftables, (NftablesConfig{.masquerade_bit = 2,
                                                                .masquerade_all = true,
                                                                .sync_period = 20s,
                                                                .min_sync_period = 2s}));
}

TEST(Complete, WithAModeOnlyItsOwnSectionCounts) {
    ProxyConfig c;
    c.mode = "nftables";
    c.iptables = {.masquerade_bit = 1,
                  .masquerade_all = true,
                  .localhost_node_ports = {},
                  .sync_period = 10s,
                  .min_sync_period = 1s};
    EXPECT_EQ(complete(c, "nftables").nftables, complete({}, "nftables").nftables);
}

TEST(Complete, NodePortsAreClosedByDefaultInNftablesOnly) {
    EXPECT_EQ(complete({}, "iptables").node_port_addresses, std::nullopt);
}

}  // namespace
}  // namespace sy
