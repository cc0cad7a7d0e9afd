// The rest of what select() plans: source ranges, affinity, UDP, health checks.
#include <gtest/gtest.h>

#include <algorithm>

#include "build.h"
#include "model/select.h"

namespace sy {
namespace {

using namespace test;

class SelectDetails : public ::testing::Test {
  protected:
    /// A Service that is reachable in every way.
    static Service everywhere() {
        auto s = service("web", "10.96.0.1");
        s.type = ServiceType::load_balancer;
        s.external_ips = ips({"198.51.100.7"});
        s.load_balancer_ips = ips({"192.0.2.1"});
        s.ports[0].node_port = Port(30080);
        return s;
    }
    static const Frontend& frontend(const PortPlan& port, FrontendKind kind) {
        const auto found = std::ranges::find(port.frontends, kind, &Frontend::kind);
        EXPECT_NE(found, port.frontends.end());
        return *found;
    }

    Names names;
};

// --- source ranges ---

TEST_F(SelectDetails, SourceRangesGuardOnlyLoadBalancerAddresses) {
    auto s = everywhere();
    s.source_ranges_set = true;
    s.source_ranges = nets({"203.0.113.0/25", "203.0.113.128/25"});
    auto node = names.view();
    node.ipv4 = ip("203.0.113.9");
    const auto plan = names.plan(s, {}, node);
    for (const auto& f : plan.ports[0].frontends) {
        EXPECT_EQ(f.check_ranges, f.kind == FrontendKind::load_balancer_ip);
    }
    EXPECT_EQ(plan.ports[0].source_ranges, nets({"192.0.2.1/32", "203.0.113.0/24"}));
}

TEST_F(SelectDetails, RangesOfTheOtherFamilyClose) {
    auto s = dual("web", "10.96.0.1", "fd00:96::1");
    s.type = ServiceType::load_balancer;
    s.load_balancer_ips = ips({"192.0.2.1", "2001:db8::1"});
    s.source_ranges_set = true;
    s.source_ranges = nets({"203.0.113.0/24"});
    const auto plan = names.plan(s, {});
    const auto& v6 = plan.ports[1];
    EXPECT_TRUE(frontend(v6, FrontendKind::load_balancer_ip).check_ranges);
    EXPECT_TRUE(v6.source_ranges.empty());
}

TEST_F(SelectDetails, RangesWithoutLoadBalancerAddressAreNotPlanned) {
    auto s = service("web", "10.96.0.1");
    s.source_ranges_set = true;
    s.source_ranges = nets({"203.0.113.0/24"});
    EXPECT_TRUE(names.plan(s, {}).ports[0].source_ranges.empty());
}

// --- affinity, UDP, health checks ---

TEST_F(SelectDetails, AffinityIsPassedOn) {
    auto s = service("web", "10.96.0.1");
    EXPECT_FALSE(names.plan(s, {}).ports[0].affinity_timeout);
    s.affinity_timeout = 10800;
    EXPECT_EQ(names.plan(s, {}).ports[0].affinity_timeout, 10800U);
    s.affinity_timeout = 0;
    EXPECT_FALSE(names.plan(s, {}).ports[0].affinity_timeout);
}

TEST_F(SelectDetails, UdpPortsListEverythingThatServes) {
    auto s = service("dns", "10.96.0.10");
    s.internal_policy = TrafficPolicy::local;
    s.ports = {{"", Protocol::udp, Port(53), {}}};
    auto unready_but_serving = names.endpoint("10.0.0.5", 'X');
    unready_but_serving.serving = true;
    auto endpoints = slice("dns", "s",
                           {names.endpoint("10.0.0.4", 'T'), names.endpoint("10.0.0.3", 'X'),
                            names.local("10.0.0.2"), unready_but_serving});
    endpoints.ports = {{"", Protocol::udp, Port(5353)}};
    const auto plan = names.plan(s, {endpoints});
    EXPECT_EQ(plan.ports[0].serving,
              (std::vector{at("10.0.0.2", 5353), at("10.0.0.4", 5353), at("10.0.0.5", 5353)}));
}

TEST_F(SelectDetails, HealthCheckCountsLocalReadyAddressesOverAllPorts) {
    auto s = dual("web", "10.96.0.1", "fd00:96::1");
    s.type = ServiceType::load_balancer;
    s.external_policy = TrafficPolicy::local;
    s.health_check_node_port = Port(32000);
    auto v4 = slice("web", "s4",
                    {names.local("10.0.0.1"), names.local("10.0.0.2"), names.local("10.0.0.3", 'T'),
                     names.endpoint("10.0.0.4"), names.local("10.0.0.5", 'X')});
    v4.ports = {{"", Protocol::tcp, Port(8080)}, {"other", Protocol::udp, Port(9)}};
    const auto twice = slice("web", "s4b", {names.local("10.0.0.1")});
    const auto v6 = slice("web", "s6", {names.local("fd00::1")});
    const auto plan = names.plan(s, {v4, twice, v6});
    EXPECT_EQ(plan.health_check, (HealthCheckPlan{Port(32000), 2, 1}));
}

TEST_F(SelectDetails, HealthCheckIsForLoadBalancersUnderPolicyLocal) {
    auto s = everywhere();
    s.external_policy = TrafficPolicy::local;
    s.health_check_node_port = Port(32000);
    EXPECT_TRUE(names.plan(s, {}).health_check);
    auto cluster = s;
    cluster.external_policy = TrafficPolicy::cluster;
    auto node_port = s;
    node_port.type = ServiceType::node_port;
    auto no_port = s;
    no_port.health_check_node_port = Port();
    for (const auto& other : {cluster, node_port, no_port}) {
        EXPECT_FALSE(names.plan(other, {}).health_check);
    }
}

// --- properties ---

TEST_F(SelectDetails, EmptyListsUnlessSomeFrontendRefersToThem) {
    for (int bits = 0; bits < 16; ++bits) {
        auto s = (bits & 1) != 0 ? everywhere() : service("web", "10.96.0.1");
        s.internal_policy = (bits & 2) != 0 ? TrafficPolicy::local : TrafficPolicy::cluster;
        s.external_policy = (bits & 4) != 0 ? TrafficPolicy::local : TrafficPolicy::cluster;
        s.type = (bits & 8) != 0 ? ServiceType::cluster_ip : ServiceType::load_balancer;
        const auto plan = names.plan(
            s, {slice("web", "s", {names.local("10.0.0.1"), names.endpoint("10.0.0.2")})});
        for (const auto list : {ListId::cluster, ListId::local}) {
            const auto refers = [&](const Frontend& f) {
                return f.inside.list == list || f.outside.list == list;
            };
            const auto& port = plan.ports[0];
            EXPECT_EQ(port.list(list).empty(), std::ranges::none_of(port.frontends, refers))
                << bits;
        }
    }
}

}  // namespace
}  // namespace sy
