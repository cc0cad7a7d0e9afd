#include "config/options.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Surroundings kHere{.proxy_modes = {"nftables", "iptables", "ipvs"}, .hostname = "Node-1 \n"};

Interpretation interpreted(const ProxyConfig& config) {
    return interpret(config, kHere, [](std::string_view path) { return std::string(path); });
}

Options accepted(const ProxyConfig& config) {
    auto result = interpreted(config);
    EXPECT_THAT(result.errors, IsEmpty());
    return std::move(result.options);
}

std::vector<std::string> errors(const ProxyConfig& config) {
    return interpreted(config).errors;
}

Cidr net(const char* text) {
    return *Cidr::parse(text);
}

TEST(Interpret, NothingGivenMeansTheDefaults) {
    const auto result = interpreted({});
    EXPECT_THAT(result.errors, IsEmpty());
    EXPECT_THAT(result.inert, IsEmpty());
    const Options& options = result.options;
    EXPECT_THAT(options.warnings, IsEmpty());
    EXPECT_THAT(options.manifests, IsEmpty());
    EXPECT_EQ(options.api, ApiOptions{});
    EXPECT_EQ(options.proxy_mode, "nftables");
    EXPECT_EQ(options.node_name, "node-1");
    EXPECT_TRUE(options.node.nodeports.primary);
    EXPECT_EQ(options.node.detect_local, DetectLocal{});
    EXPECT_EQ(options.node.bind_address, std::nullopt);
    EXPECT_FALSE(options.node.masquerade_all);
    EXPECT_EQ(options.kernel, KernelSettings{});
    EXPECT_EQ(options.min_sync_period, 0s);
    EXPECT_EQ(options.sync_period, 30s);
    EXPECT_EQ(options.quarantine.retry_first, Quarantine::Config{}.retry_first);
    EXPECT_EQ(options.quarantine.retry_limit, Quarantine::Config{}.retry_limit);
    EXPECT_EQ(options.serving.healthz->to_string(), "0.0.0.0:10256");
    EXPECT_EQ(options.serving.metrics->to_string(), "127.0.0.1:10249");
    EXPECT_EQ(options.log, LogOptions{});
    EXPECT_EQ(options.oom_score_adj, -999);
    EXPECT_THAT(options.configz,
                HasSubstr(R"({"kubeproxy.config.k8s.io": {"kind": "KubeProxyConfiguration")"));
}

TEST(Interpret, TheClusterComesFromManifestsOrFromAnApiServer) {
    ProxyConfig config;
    config.client_connection = {.kubeconfig = "/kc",
                                .accept_content_types = {},
                                .content_type = {},
                                .qps = 50,
                                .burst = 100};
    EXPECT_EQ(accepted(config).api, (ApiOptions{.kubeconfig = "/kc", .master = {}}));
    config.switchyard.manifests = {"/m"};
    EXPECT_THAT(errors(config), ElementsAre(HasSubstr("switchyard.manifests: cannot go together")));
    config.client_connection.kubeconfig.clear();
    EXPECT_EQ(accepted(config).api, std::nullopt);
    EXPECT_THAT(accepted(config).manifests, ElementsAre("/m"));
}

TEST(Interpret, TheModeMustExist) {
    ProxyConfig config;
    config.mode = "userspace";
    EXPECT_THAT(errors(config), ElementsAre("mode: there is no mode \"userspace\"; give one of: "
                                            "nftables, iptables, ipvs"));
}

TEST(Interpret, TheSchedulerMustExist) {
    ProxyConfig config;
    config.mode = "ipvs";
    config.ipvs.scheduler = "maglev";
    EXPECT_THAT(errors(config), ElementsAre(HasSubstr("ipvs.scheduler: there is no scheduler "
                                                      "\"maglev\"; give one of: rr, wrr")));
    config.ipvs.scheduler = "mh";
    EXPECT_THAT(errors(config), IsEmpty());
}

TEST(Interpret, TheNameIsTrimmedLoweredAndNotBlank) {
    ProxyConfig config;
    config.hostname_override = "  Edge-7 ";
    EXPECT_EQ(accepted(config).node_name, "edge-7");
    config.hostname_override = "  ";
    EXPECT_THAT(errors(config), ElementsAre("hostnameOverride: is blank; give the name of the Node "
                                            "object"));
}

TEST(Interpret, AnUnspecifiedBindAddressSaysNothingOfTheNode) {
    ProxyConfig config;
    config.bind_address = IpAddr::parse("::");
    EXPECT_EQ(accepted(config).node.bind_address, std::nullopt);
    config.bind_address = IpAddr::parse("2001:db8::1");
    EXPECT_EQ(accepted(config).node.bind_address, IpAddr::parse("2001:db8::1"));
}

TEST(Interpret, DetectLocalModesNeedTheirInterface) {
    ProxyConfig config;
    config.detect_local_mode = DetectLocalMode::bridge_interface;
    EXPECT_THAT(errors(config), ElementsAre("detectLocal.bridgeInterface: is missing; detect-local "
                                            "mode BridgeInterface needs it"));
    config.detect_local.bridge_interface = "cni0";
    EXPECT_EQ(accepted(config).node.detect_local.interface, "cni0");
    config.detect_local_mode = DetectLocalMode::interface_name_prefix;
    EXPECT_THAT(errors(config),
                ElementsAre(HasSubstr("detectLocal.interfaceNamePrefix: is missing")));
    config.detect_local.interface_name_prefix = "veth";
    EXPECT_EQ(accepted(config).node.detect_local.interface, "veth");
    EXPECT_THAT(accepted(config).warnings,
                ElementsAre("detectLocal.bridgeInterface: has no effect in detect-local mode "
                            "InterfaceNamePrefix"));
    for (const char* name : {"a/b", "two words", "sixteen-letters!", "a:1", "esc\x1b"}) {
        config.detect_local.interface_name_prefix = name;
        EXPECT_THAT(errors(config), ElementsAre(HasSubstr("cannot be the name of an interface")))
            << name;
    }
}

TEST(Interpret, ClusterCidrsThatCannotMatchAreTold) {
    ProxyConfig config;
    config.cluster_cidr = {net("10.244.0.0/16")};
    EXPECT_THAT(accepted(config).warnings, IsEmpty());
    EXPECT_THAT(accepted(config).node.detect_local.cluster_cidrs,
                ElementsAre(net("10.244.0.0/16")));
    config.bind_address = IpAddr::parse("2001:db8::1");
    EXPECT_THAT(accepted(config).warnings,
                ElementsAre("clusterCIDR: holds no IPv6 network, the family of the bind address"));
    config.detect_local_mode = DetectLocalMode::node_cidr;
    EXPECT_THAT(accepted(config).warnings,
                ElementsAre("clusterCIDR: has no effect in detect-local mode NodeCIDR"));
}

TEST(Interpret, NodePortAddressesThatOpenMoreThanTheySayAreTold) {
    ProxyConfig config;
    config.node_port_addresses =
        NodePortSelection{.primary = false, .cidrs = {net("10.0.0.0/8"), net("127.0.0.0/8")}};
    EXPECT_THAT(accepted(config).warnings,
                ElementsAre("nodePortAddresses: 127.0.0.0/8 has no effect, loopback never serves "
                            "NodePorts",
                            "nodePortAddresses: holds no IPv6 network, NodePorts are served on all "
                            "IPv6 addresses of this node"));
    config.node_port_addresses.reset();
    config.mode = "iptables";
    EXPECT_FALSE(accepted(config).node.nodeports.primary);
    EXPECT_THAT(accepted(config).warnings, ElementsAre(HasSubstr("nodePortAddresses: is not set")));
}

TEST(Interpret, PeriodsAreThoseOfTheModeUnlessOursAreGiven) {
    ProxyConfig config;
    config.iptables.sync_period = 10s;
    config.iptables.min_sync_period = 1s;
    config.ipvs.sync_period = 20s;
    config.ipvs.min_sync_period = 2s;
    config.nftables.sync_period = 30s;
    config.nftables.min_sync_period = 3s;
    for (const auto& [mode, period] :
         {std::pair{"iptables", 10s}, {"ipvs", 20s}, {"nftables", 30s}, {"", 30s}}) {
        config.mode = mode;
        EXPECT_EQ(accepted(config).sync_period, period) << mode;
        EXPECT_EQ(accepted(config).min_sync_period, period / 10) << mode;
    }
    config.switchyard.sync_period = 40s;
    config.switchyard.min_sync_period = 0s;
    EXPECT_EQ(accepted(config).sync_period, 40s);
    EXPECT_EQ(accepted(config).min_sync_period, 0s);
}

TEST(Interpret, PeriodsMustFitTogether) {
    ProxyConfig config;
    config.nftables.min_sync_period = 31s;
    EXPECT_THAT(errors(config), ElementsAre("nftables.minSyncPeriod: must not be longer than the "
                                            "sync period"));
    config.switchyard.sync_period = 0s;
    EXPECT_THAT(errors(config),
                ElementsAre("switchyard.syncPeriod: must be longer than 0; give for example 30s"));
    config = {};
    config.switchyard.quarantine = {.retry_first = 2min, .retry_limit = 1min};
    EXPECT_THAT(errors(config), ElementsAre(HasSubstr("switchyard.quarantine.retryFirst")));
}

TEST(Interpret, MasqueradeAllIsThatOfTheMode) {
    ProxyConfig config;
    config.iptables.masquerade_all = true;
    for (const auto& [mode, all] :
         {std::pair{"iptables", true}, {"ipvs", true}, {"nftables", false}, {"", true}}) {
        config.mode = mode;
        EXPECT_EQ(accepted(config).node.masquerade_all, all) << mode;
    }
}

TEST(Interpret, ConntrackFieldsBecomeSettings) {
    ProxyConfig config;
    config.conntrack = {.max_per_core = 0,
                        .min = 5,
                        .tcp_established_timeout = 0s,
                        .tcp_close_wait_timeout = 30min,
                        .tcp_be_liberal = true,
                        .udp_timeout = 1500ms,
                        .udp_stream_timeout = 3min};
    EXPECT_EQ(accepted(config).kernel, (KernelSettings{.max_per_core = 0,
                                                       .min = 5,
                                                       .tcp_established = 0s,
                                                       .tcp_close_wait = 1800s,
                                                       .udp = 2s,
                                                       .udp_stream = 180s,
                                                       .tcp_be_liberal = true}));
}

TEST(Interpret, Port0MeansNoServer) {
    ProxyConfig config;
    config.healthz_bind_address = SocketAddress{IpAddr{}, Port{0}};
    EXPECT_EQ(accepted(config).serving.healthz, std::nullopt);
    EXPECT_NE(accepted(config).serving.metrics, std::nullopt);
}

TEST(Interpret, LogLevelAndFormatAreOursOrKubeProxys) {
    ProxyConfig config;
    config.logging.verbosity = 4;
    config.logging.format = "json";
    EXPECT_EQ(accepted(config).log, (LogOptions{.level = LogLevel::debug, .json = true}));
    config.switchyard.log_level = LogLevel::error;
    config.switchyard.log_format = "text";
    EXPECT_EQ(accepted(config).log, (LogOptions{.level = LogLevel::error, .json = false}));
    config.switchyard.log_format = "xml";
    EXPECT_THAT(errors(config),
                ElementsAre("switchyard.logFormat: there is no format \"xml\"; give "
                            "one of: text, json"));
    config = {};
    config.logging.format = "xml";
    EXPECT_THAT(errors(config), ElementsAre(HasSubstr("logging.format")));
}

TEST(Interpret, NamesWhatIsSetAndMeansNothing) {
    ProxyConfig config;
    config.port_range = "1-2";
    config.feature_gates = {{"A", true}};
    config.winkernel.enable_dsr = true;
    config.iptables.masquerade_bit = 3;
    config.ipvs.strict_arp = true;
    config.config_sync_period = 1min;
    config.client_connection.content_type = "application/json";
    EXPECT_THAT(interpreted(config).inert,
                ElementsAre("configSyncPeriod", "featureGates", "iptables.masqueradeBit",
                            "ipvs.strictARP", "winkernel.enableDSR", "portRange"));
    config = {};
    config.mode = "nftables";
    config.iptables.sync_period = 1min;
    config.iptables.localhost_node_ports = false;
    config.client_connection.content_type = "application/cbor";
    EXPECT_THAT(interpreted(config).inert,
                ElementsAre("clientConnection.contentType", "iptables.syncPeriod"));
    config.mode = "ipvs";
    EXPECT_THAT(interpreted(config).inert,
                ElementsAre("clientConnection.contentType", "iptables.syncPeriod"));
}

TEST(Interpret, DefaultsThatAreWrittenOutAreNotTold) {
    EXPECT_THAT(interpreted(complete({}, "nftables")).inert, IsEmpty());
}

TEST(Interpret, AllMistakesAreTold) {
    ProxyConfig config;
    config.mode = "x";
    config.hostname_override = " ";
    config.switchyard.sync_period = 0s;
    EXPECT_THAT(errors(config), testing::SizeIs(3));
}

TEST(Interpret, WhatIsToldMovesNoCursor) {
    ProxyConfig config;
    config.mode = "x\x1b[2J\n";
    EXPECT_THAT(errors(config), ElementsAre(HasSubstr("\\x1b[2J")));
}

}  // namespace
}  // namespace sy
