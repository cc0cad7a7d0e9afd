#include "config/reload.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Options options(const ProxyConfig& config = {}) {
    const Surroundings here{.proxy_modes = {"nftables", "iptables", "ebpf"}, .hostname = "n1"};
    return interpret(config, here, [](std::string_view path) { return std::string(path); }).options;
}

ReloadPlan after(const std::function<void(ProxyConfig&)>& change) {
    ProxyConfig config;
    change(config);
    return compare(options(), options(config));
}

TEST(Compare, NothingChanged) {
    EXPECT_TRUE(compare(options(), options()).nothing());
    EXPECT_EQ(compare(options(), options()).restart_reason(), "");
}

TEST(Compare, WhatHasNoEffectIsNoChange) {
    EXPECT_TRUE(after([](ProxyConfig& c) {
                    c.winkernel.enable_dsr = true;
                    c.config_sync_period = std::chrono::minutes(1);
                    c.enable_profiling = true;
                    c.mode = "nftables";
                    c.switchyard.ebpf.max_services = 2048;
                }).nothing());
}

TEST(Compare, TakesOverWhatNeedsNoRestart) {
    const auto plan = after([](ProxyConfig& c) {
        c.bind_address = IpAddr::parse("2001:db8::1");
        c.bind_address_hard_fail = true;
        c.cluster_cidr = {*Cidr::parse("10.0.0.0/8")};
        c.conntrack.min = 5;
        c.detect_local_mode = DetectLocalMode::bridge_interface;
        c.detect_local.bridge_interface = "br0";
        c.nftables.masquerade_all = true;
        c.nftables.min_sync_period = std::chrono::seconds(1);
        c.nftables.sync_period = std::chrono::seconds(10);
        c.node_port_addresses = NodePortSelection{.primary = false, .cidrs = {}};
        c.logging.verbosity = 5;
        c.logging.format = "json";
    });
    EXPECT_THAT(plan.now,
                ElementsAre("bindAddress", "clusterCIDR", "detectLocalMode", "detectLocal",
                            "masqueradeAll", "nodePortAddresses", "conntrack", "healthzBindAddress",
                            "metricsBindAddress", "bindAddressHardFail", "minSyncPeriod",
                            "syncPeriod", "log level", "log format"));
    EXPECT_THAT(plan.restart, IsEmpty());
    EXPECT_EQ(plan.restart_reason(), "");
}

TEST(Compare, NamesWhatNeedsARestart) {
    auto plan = after([](ProxyConfig& c) {
        c.mode = "iptables";
        c.hostname_override = "n2";
        c.client_connection.kubeconfig = "/k";
        c.oom_score_adj = 0;
        c.switchyard.quarantine = {.retry_first = std::chrono::seconds(2),
                                   .retry_limit = std::chrono::seconds(3)};
    });
    EXPECT_THAT(plan.restart,
                ElementsAre("mode", "hostnameOverride", "clientConnection", "oomScoreAdj",
                            "quarantine.retryFirst", "quarantine.retryLimit"));
    plan = after([](ProxyConfig& c) { c.switchyard.manifests = {"/m"}; });
    EXPECT_THAT(plan.restart, ElementsAre("clientConnection", "manifests"));
    EXPECT_EQ(plan.restart_reason(),
              "changed in the configuration, and cannot be taken over without a restart: "
              "clientConnection, manifests");
}

TEST(Compare, MapsAndPlacesNeedARestart) {
    const auto plan = after([](ProxyConfig& c) {
        c.switchyard.ebpf.bpf_root = "/b/s";
        c.switchyard.metrics_max_services = 5;
    });
    EXPECT_THAT(plan.restart, ElementsAre("ebpf", "metricsMaxServices"));
    ProxyConfig ebpf;
    ebpf.mode = "ebpf";
    auto smaller = ebpf;
    smaller.switchyard.ebpf.max_services = 2048;
    EXPECT_THAT(compare(options(ebpf), options(smaller)).restart, ElementsAre("ebpf"));
}

}  // namespace
}  // namespace sy
