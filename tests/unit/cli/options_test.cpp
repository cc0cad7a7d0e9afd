#include "cli/options.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Surroundings kHere{.proxy_modes = {"nftables", "iptables"}, .hostname = "Node-1 \n"};

Flags flags() {
    Flags out;
    out.manifests = {"/manifests"};
    return out;
}

/// The error's line; empty if there is none.
std::string complaint(const Flags& given) {
    const auto options = read_options(given, kHere);
    return options ? "" : options.error().message();
}

Options accepted(const Flags& given) {
    auto options = read_options(given, kHere);
    EXPECT_TRUE(options) << (options ? "" : options.error().message());
    return options.value_or(Options{});
}

Cidr net(const char* text) {
    return *Cidr::parse(text);
}

TEST(ReadOptions, DefaultsAreThoseOfKubeProxyButForThePause) {
    const Options options = accepted(flags());
    EXPECT_THAT(options.manifests, ElementsAre("/manifests"));
    EXPECT_EQ(options.proxy_mode, "nftables");
    EXPECT_EQ(options.node_name, "node-1");
    EXPECT_TRUE(options.node.nodeports.primary);
    EXPECT_EQ(options.node.detect_local, DetectLocal{});
    EXPECT_EQ(options.node.bind_address, std::nullopt);
    EXPECT_EQ(options.kernel, KernelSettings{});
    EXPECT_EQ(options.min_sync_period, 0s);
    EXPECT_EQ(options.sync_period, 30s);
    EXPECT_EQ(options.log, LogOptions{});
    EXPECT_THAT(options.warnings, IsEmpty());
}

TEST(ReadOptions, ManifestsAreNeeded) {
    EXPECT_THAT(complaint({}), HasSubstr("--manifests: is missing"));
}

TEST(ReadOptions, HostnameOverrideIsTrimmedLoweredAndNotBlank) {
    Flags given = flags();
    given.hostname_override = "  Edge-7 ";
    EXPECT_EQ(accepted(given).node_name, "edge-7");
    given.hostname_override = "  ";
    EXPECT_THAT(complaint(given), HasSubstr("--hostname-override: is blank"));
}

TEST(ReadOptions, ProxyModeMustExist) {
    Flags given = flags();
    given.proxy_mode = "iptables";
    EXPECT_FALSE(accepted(given).node.nodeports.primary) << "only nftables is closed by default";
    given.proxy_mode = "ipfw";
    EXPECT_EQ(complaint(given),
              "--proxy-mode: there is no mode \"ipfw\"; give one of: nftables, iptables");
}

TEST(ReadOptions, ClusterCidrIsOneNetworkOrAPair) {
    Flags given = flags();
    given.cluster_cidr = "10.244.0.0/16, fd00:10:244::/56";
    EXPECT_THAT(accepted(given).node.detect_local.cluster_cidrs,
                ElementsAre(net("10.244.0.0/16"), net("fd00:10:244::/56")));
    given.cluster_cidr = "";
    EXPECT_THAT(accepted(given).node.detect_local.cluster_cidrs, IsEmpty());
    given.cluster_cidr = "10.0.0.0/33";
    EXPECT_EQ(complaint(given),
              "--cluster-cidr: \"10.0.0.0/33\" is not a network; give one CIDR or an IPv4,IPv6 "
              "pair such as 10.244.0.0/16,fd00:10:244::/56");
    given.cluster_cidr = "10.0.0.0/16,10.1.0.0/16";
    EXPECT_THAT(complaint(given), HasSubstr("more than one network of a family"));
    given.cluster_cidr = "10.0.0.0/16,fd00::/56,fd01::/56";
    EXPECT_THAT(complaint(given), HasSubstr("more than one network of a family"));
    given.cluster_cidr = "10.0.0.0/16,";
    EXPECT_EQ(complaint(given), "");
}

TEST(ReadOptions, DetectLocalModesNeedTheirFlag) {
    Flags given = flags();
    given.detect_local_mode = "NodeCIDR";
    EXPECT_EQ(accepted(given).node.detect_local.mode, DetectLocalMode::node_cidr);
    given.detect_local_mode = "BridgeInterface";
    EXPECT_EQ(complaint(given),
              "--pod-bridge-interface: is missing; --detect-local-mode BridgeInterface needs it");
    given.pod_bridge_interface = "cni0";
    EXPECT_EQ(accepted(given).node.detect_local.interface, "cni0");
    given.detect_local_mode = "InterfaceNamePrefix";
    EXPECT_THAT(complaint(given), HasSubstr("--pod-interface-name-prefix: is missing"));
    given.pod_interface_name_prefix = "veth";
    EXPECT_THAT(accepted(given).warnings, ElementsAre(HasSubstr("--pod-bridge-interface")));
    given.detect_local_mode = "clustercidr";
    EXPECT_THAT(complaint(given), HasSubstr("there is no mode \"clustercidr\""));
}

TEST(ReadOptions, InterfaceNamesMustBePossible) {
    Flags given = flags();
    given.detect_local_mode = "BridgeInterface";
    for (const char* name : {"a/b", "two words", "sixteen-letters!", "a:1", "esc\x1b"}) {
        given.pod_bridge_interface = name;
        EXPECT_THAT(complaint(given), HasSubstr("cannot be the name of an interface")) << name;
    }
}

TEST(ReadOptions, NodePortAddressesArePrimaryOrNetworks) {
    Flags given = flags();
    given.nodeport_addresses = {"192.0.2.0/24,2001:db8::/64", "10.0.0.0/8"};
    EXPECT_EQ(accepted(given).node.nodeports,
              (NodePortSelection{
                  .primary = false,
                  .cidrs = {net("192.0.2.0/24"), net("2001:db8::/64"), net("10.0.0.0/8")}}));
    given.nodeport_addresses = {"primary"};
    EXPECT_TRUE(accepted(given).node.nodeports.primary);
    given.nodeport_addresses = {"primary,10.0.0.0/8"};
    EXPECT_THAT(complaint(given), HasSubstr("cannot be mixed"));
    given.nodeport_addresses = {"10.0.0.1"};
    EXPECT_THAT(complaint(given), HasSubstr("\"10.0.0.1\" is not a network"));
    given.nodeport_addresses = {"127.0.0.0/8"};
    EXPECT_THAT(accepted(given).warnings, ElementsAre(HasSubstr("loopback")));
}

TEST(ReadOptions, BindAddressIsAnAddress) {
    Flags given = flags();
    given.bind_address = "2001:db8::10";
    EXPECT_EQ(accepted(given).node.bind_address, IpAddr::parse("2001:db8::10"));
    given.bind_address = "eth0";
    EXPECT_THAT(complaint(given), HasSubstr("--bind-address: \"eth0\" is not an IP address"));
}

TEST(ReadOptions, PeriodsHaveTwoNamesAndOursWins) {
    Flags given = flags();
    given.iptables_min_sync_period = "1s";
    EXPECT_EQ(accepted(given).min_sync_period, 1s);
    given.min_sync_period = "0";
    EXPECT_EQ(accepted(given).min_sync_period, 0s);
    given.min_sync_period = "1m";
    EXPECT_THAT(complaint(given), HasSubstr("--min-sync-period: must not be longer"));
    given.sync_period = "2m";
    EXPECT_EQ(accepted(given).sync_period, 120s);
    given.sync_period = "0";
    EXPECT_THAT(complaint(given), HasSubstr("--sync-period: must be longer than 0"));
    given.sync_period = "soon";
    EXPECT_EQ(complaint(given),
              "--sync-period: \"soon\" is not a duration; give one such as "
              "500ms, 30s or 1m30s");
}

TEST(ReadOptions, ConntrackFlagsBecomeSettings) {
    Flags given = flags();
    given.conntrack_max_per_core = "0";
    given.conntrack_min = "5";
    given.conntrack_tcp_timeout_established = "0";
    given.conntrack_tcp_timeout_close_wait = "30m";
    given.conntrack_udp_timeout = "1500ms";
    given.conntrack_udp_timeout_stream = "3m";
    given.conntrack_tcp_be_liberal = true;
    EXPECT_EQ(accepted(given).kernel, (KernelSettings{.max_per_core = 0,
                                                      .min = 5,
                                                      .tcp_established = 0s,
                                                      .tcp_close_wait = 1800s,
                                                      .udp = 2s,
                                                      .udp_stream = 180s,
                                                      .tcp_be_liberal = true}));
    given.conntrack_min = "-1";
    EXPECT_THAT(complaint(given), HasSubstr("--conntrack-min: \"-1\" is not a number"));
    given.conntrack_min = "99999999999999999999";
    EXPECT_THAT(complaint(given), HasSubstr("--conntrack-min"));
}

TEST(ReadOptions, LogFlags) {
    Flags given = flags();
    given.verbosity = "4";
    EXPECT_EQ(accepted(given).log.level, LogLevel::debug);
    given.log_level = "error";
    EXPECT_EQ(accepted(given).log.level, LogLevel::error);
    given.log_format = "json";
    EXPECT_TRUE(accepted(given).log.json);
    given.log_format = "xml";
    EXPECT_EQ(complaint(given), "--log-format: there is no format \"xml\"; give text or json");
    given.log_level = "loud";
    EXPECT_THAT(complaint(given), HasSubstr("--log-level"));
    given.verbosity = "much";
    EXPECT_THAT(complaint(given), HasSubstr("-v"));
}

}  // namespace
}  // namespace sy
