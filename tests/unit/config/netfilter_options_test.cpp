#include "config/netfilter_options.h"

#include <gmock/gmock.h>

#include "config/options.h"
#include "config/reload.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Surroundings kHere{.proxy_modes = {"nftables", "iptables", "ipvs"}, .hostname = "n1"};

Interpretation interpreted(const ProxyConfig& config) {
    return interpret(config, kHere, [](std::string_view path) { return std::string(path); });
}

ProxyConfig of_mode(std::string mode) {
    ProxyConfig config;
    config.mode = std::move(mode);
    return config;
}

ProxyConfig everything(std::string mode) {
    auto config = of_mode(std::move(mode));
    config.iptables.masquerade_bit = 7;
    config.iptables.localhost_node_ports = false;
    config.switchyard.iptables_variant = IptablesVariant::legacy;
    config.ipvs = {.sync_period = 40s,
                   .min_sync_period = 2s,
                   .scheduler = "wlc",
                   .exclude_cidrs = {*Cidr::parse("192.0.2.0/24")},
                   .strict_arp = true,
                   .tcp_timeout = 900s,
                   .tcp_fin_timeout = 1500ms,
                   .udp_timeout = 1ns};
    return config;
}

TEST(NetfilterSettings, NothingGivenMeansTheDefaults) {
    for (const char* mode : {"nftables", "iptables", "ipvs"}) {
        const auto result = interpreted(of_mode(mode));
        EXPECT_THAT(result.errors, IsEmpty());
        EXPECT_THAT(result.inert, IsEmpty());
        EXPECT_EQ(result.options.backend, BackendSettings{}) << mode;
    }
}

TEST(NetfilterSettings, ModeIptablesTakesItsOwn) {
    const auto result = interpreted(everything("iptables"));
    EXPECT_THAT(result.errors, IsEmpty());
    EXPECT_EQ(result.options.backend.iptables, (IptablesSettings{.variant = IptablesVariant::legacy,
                                                                 .masquerade_bit = 7,
                                                                 .localhost_nodeports = false}));
    EXPECT_EQ(result.options.backend.ipvs, IpvsSettings{});
    EXPECT_THAT(
        result.inert,
        ElementsAre("ipvs.excludeCIDRs", "ipvs.minSyncPeriod", "ipvs.scheduler", "ipvs.strictARP",
                    "ipvs.syncPeriod", "ipvs.tcpFinTimeout", "ipvs.tcpTimeout", "ipvs.udpTimeout"));
}

TEST(NetfilterSettings, ModeIpvsTakesItsOwn) {
    const auto result = interpreted(everything("ipvs"));
    EXPECT_THAT(result.errors, IsEmpty());
    EXPECT_EQ(result.options.backend.ipvs,
              (IpvsSettings{.scheduler = "wlc",
                            .strict_arp = true,
                            .tcp_timeout = 900,
                            .tcp_fin_timeout = 2,
                            .udp_timeout = 1,
                            .exclude_cidrs = {*Cidr::parse("192.0.2.0/24")}}));
    EXPECT_EQ(result.options.backend.iptables, IptablesSettings{});
    EXPECT_THAT(result.inert, ElementsAre("iptables.masqueradeBit", "switchyard.iptables.variant"));
    EXPECT_EQ(result.options.sync_period, 40s);
    EXPECT_EQ(result.options.min_sync_period, 2s);
}

TEST(NetfilterSettings, OtherModesTakeNone) {
    const auto result = interpreted(everything("nftables"));
    EXPECT_EQ(result.options.backend, BackendSettings{});
    EXPECT_THAT(result.inert, Contains("iptables.masqueradeBit"));
    EXPECT_THAT(result.inert, Contains("switchyard.iptables.variant"));
    EXPECT_THAT(result.inert, Contains("ipvs.scheduler"));
}

// As kube-proxy: only if loopback is among the addresses that serve NodePorts.
TEST(NetfilterSettings, LocalhostServesNodePortsWithTheAddressesThatDo) {
    const auto localhost = [](std::optional<NodePortSelection> selection) {
        auto config = of_mode("iptables");
        config.node_port_addresses = std::move(selection);
        const auto result = interpreted(config);
        EXPECT_THAT(result.errors, IsEmpty());
        return result.options.backend.iptables.localhost_nodeports;
    };
    const auto networks = [](std::vector<std::string> texts) {
        NodePortSelection selection{.primary = false, .cidrs = {}};
        for (const std::string& text : texts) {
            selection.cidrs.push_back(*Cidr::parse(text));
        }
        return selection;
    };
    EXPECT_TRUE(localhost({}));
    EXPECT_FALSE(localhost(NodePortSelection{.primary = true, .cidrs = {}}));
    EXPECT_FALSE(localhost(networks({"192.0.2.0/24"})));
    EXPECT_FALSE(localhost(networks({"192.0.2.0/24", "::1/128"})));
    EXPECT_TRUE(localhost(networks({"192.0.2.0/24", "127.0.0.0/8"})));
    EXPECT_TRUE(localhost(networks({"0.0.0.0/0"})));
    EXPECT_TRUE(localhost(networks({"2001:db8::/64"})));
}

TEST(NetfilterSettings, LoopbackIsWarnedOfWhereItServesNothing) {
    auto config = of_mode("iptables");
    config.node_port_addresses = NodePortSelection{
        .primary = false, .cidrs = {*Cidr::parse("127.0.0.0/8"), *Cidr::parse("::1/128")}};
    EXPECT_THAT(interpreted(config).options.warnings,
                ElementsAre(HasSubstr("::1/128 has no effect")));
    config.iptables.localhost_node_ports = false;
    EXPECT_THAT(interpreted(config).options.warnings,
                ElementsAre(HasSubstr("127.0.0.0/8 has no effect"), HasSubstr("::1/128")));
}

TEST(NetfilterSettings, ModeIpvsIsChecked) {
    auto config = of_mode("ipvs");
    config.ipvs.scheduler = "maglev";
    config.ipvs.tcp_timeout = 597h;
    config.ipvs.udp_timeout = -1s;
    config.ipvs.min_sync_period = 31s;
    EXPECT_THAT(interpreted(config).errors,
                ElementsAre(HasSubstr("ipvs.scheduler: there is no scheduler \"maglev\""),
                            "ipvs.tcpTimeout: is a timeout that the kernel cannot keep; give one "
                            "from 0s to 596h",
                            HasSubstr("ipvs.udpTimeout"),
                            "ipvs.minSyncPeriod: must not be longer than the sync period"));
}

TEST(NetfilterSettings, ChangesNeedARestartInTheirMode) {
    for (const char* mode : {"iptables", "ipvs"}) {
        EXPECT_THAT(
            compare(interpreted(of_mode(mode)).options, interpreted(everything(mode)).options)
                .restart,
            ElementsAre(mode));
    }
    EXPECT_THAT(compare(interpreted(of_mode("nftables")).options,
                        interpreted(everything("nftables")).options)
                    .restart,
                IsEmpty());
}

}  // namespace
}  // namespace sy
