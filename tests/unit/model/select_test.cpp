#include "model/select.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "build.h"

namespace sy {
namespace {

using namespace test;
using List = std::vector<std::string>;

constexpr Route kClusterRoute{ListId::cluster, OnEmpty::reject};

class Select : public ::testing::Test {
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

constexpr std::array kExternalKinds{FrontendKind::load_balancer_ip, FrontendKind::external_ip,
                                    FrontendKind::node_port};

// --- which objects are seen ---

TEST_F(Select, ClusterIpWithTwoEndpoints) {
    const auto plan =
        names.plan(service("web", "10.96.0.1"),
                   {slice("web", "s", {names.endpoint("10.0.0.2"), names.local("10.0.0.1")})});
    ASSERT_EQ(plan.ports.size(), 1U);
    const auto& port = plan.ports[0];
    EXPECT_EQ(plan.name, (ServiceName{"default", "web"}));
    EXPECT_EQ(port.frontends,
              (std::vector{Frontend{FrontendKind::cluster_ip, ip("10.96.0.1"), Port(80),
                                    kClusterRoute, kClusterRoute, Masquerade::not_pods, false}}));
    EXPECT_EQ(port.cluster, (std::vector{PlannedEndpoint{at("10.0.0.1", 8080), true},
                                         PlannedEndpoint{at("10.0.0.2", 8080), false}}));
    EXPECT_TRUE(port.local.empty());
    EXPECT_TRUE(port.serving.empty());
    EXPECT_FALSE(plan.health_check);
}

TEST_F(Select, InvisibleServicesHaveNoPlan) {
    const auto visible = everywhere();
    auto foreign = visible;
    foreign.other_proxy = true;
    auto headless = visible;
    headless.headless = true;
    headless.cluster_ip.reset();
    auto external_name = visible;
    external_name.type = ServiceType::external_name;
    auto no_ip = visible;
    no_ip.cluster_ip.reset();
    auto unspecified_ip = visible;
    unspecified_ip.cluster_ip = ip("0.0.0.0");
    auto no_ports = visible;
    no_ports.ports.clear();
    EXPECT_FALSE(names.plan(visible, {}).ports.empty());
    for (const auto& s : {foreign, headless, external_name, no_ip, unspecified_ip, no_ports}) {
        const auto plan = names.plan(s, {slice("web", "s", {names.endpoint("10.0.0.1")})});
        EXPECT_TRUE(plan.ports.empty());
        EXPECT_FALSE(plan.health_check);
    }
}

TEST_F(Select, SingleFieldDecidesTheFamily) {
    auto s = service("web", "fd00:96::1");
    s.external_ips = ips({"198.51.100.7", "2001:db8::7"});
    const auto plan = names.plan(s, {});
    ASSERT_EQ(plan.ports.size(), 1U);
    EXPECT_EQ(plan.ports[0].family, Family::ipv6);
    EXPECT_EQ(plan.ports[0].frontends.size(), 2U);
}

TEST_F(Select, FamilyWithoutClusterIpHasNothingAtAll) {
    auto s = everywhere();
    s.family_ips = {{Family::ipv4, ip("10.96.0.1")}};
    s.load_balancer_ips.push_back(ip("2001:db8::1"));
    const auto plan = names.plan(s, {});
    ASSERT_EQ(plan.ports.size(), 1U);
    EXPECT_EQ(plan.ports[0].family, Family::ipv4);
    EXPECT_EQ(plan.ports[0].frontends.size(), 4U);
}

TEST_F(Select, FamilyAndAddressMustAgree) {
    auto s = everywhere();
    s.family_ips = {{Family::ipv6, ip("10.96.0.1")}};
    EXPECT_TRUE(names.plan(s, {}).ports.empty());
}

TEST_F(Select, DualStackIsTwoIndependentPlans) {
    auto s = dual("web", "10.96.0.1", "fd00:96::1");
    s.type = ServiceType::load_balancer;
    s.load_balancer_ips = ips({"2001:db8::1", "192.0.2.1"});
    s.ports[0].node_port = Port(30080);
    const auto plan =
        names.plan(s, {slice("web", "s4", {names.endpoint("10.0.0.1"), names.local("10.0.0.2")}),
                       slice("web", "s6", {names.endpoint("fd00::1")})});
    ASSERT_EQ(plan.ports.size(), 2U);
    EXPECT_EQ(plan.ports[0].family, Family::ipv4);
    EXPECT_EQ(addresses(plan.ports[0].cluster), (List{"10.0.0.1", "10.0.0.2"}));
    EXPECT_EQ(plan.ports[1].family, Family::ipv6);
    EXPECT_EQ(addresses(plan.ports[1].cluster), List{"fd00::1"});
    EXPECT_EQ(frontend(plan.ports[0], FrontendKind::load_balancer_ip).address, ip("192.0.2.1"));
    EXPECT_EQ(frontend(plan.ports[1], FrontendKind::load_balancer_ip).address, ip("2001:db8::1"));
    EXPECT_EQ(frontend(plan.ports[1], FrontendKind::node_port).address, ip("::"));
}

TEST_F(Select, PortsAreSortedAndProtocolsApart) {
    auto s = service("dns", "10.96.0.10");
    s.ports = {{"dns-tcp", Protocol::tcp, Port(53), {}},
               {"dns", Protocol::udp, Port(53), {}},
               {"dns", Protocol::sctp, Port(53), {}},
               {"a", Protocol::tcp, Port(54), {}}};
    const auto plan = names.plan(s, {});
    std::vector<std::pair<Protocol, std::string>> keys;
    for (const auto& port : plan.ports) {
        keys.emplace_back(port.protocol, port.name);
    }
    EXPECT_EQ(keys, (std::vector<std::pair<Protocol, std::string>>{{Protocol::tcp, "a"},
                                                                   {Protocol::tcp, "dns-tcp"},
                                                                   {Protocol::udp, "dns"},
                                                                   {Protocol::sctp, "dns"}}));
}

TEST_F(Select, OfPortsWithTheSameKeyTheLastCounts) {
    auto s = service("web", "10.96.0.1");
    s.ports = {{"http", Protocol::tcp, Port(80), {}},
               {"http", Protocol::tcp, Port(81), {}},
               {"none", Protocol::tcp, Port(0), {}}};
    const auto plan = names.plan(s, {});
    ASSERT_EQ(plan.ports.size(), 1U);
    EXPECT_EQ(plan.ports[0].frontends[0].port, Port(81));
}

TEST_F(Select, AnAddressAskedForTwiceIsOneFrontend) {
    auto s = everywhere();
    s.external_ips = ips({"192.0.2.1", "198.51.100.7", "10.96.0.1", "198.51.100.7", "0.0.0.0"});
    s.load_balancer_ips = ips({"192.0.2.1", "10.96.0.1", "192.0.2.1"});
    const auto plan = names.plan(s, {});
    List all;
    for (const auto& f : plan.ports[0].frontends) {
        all.push_back(std::to_string(static_cast<int>(f.kind)) + " " + f.address.to_string());
    }
    EXPECT_EQ(all, (List{"0 10.96.0.1", "1 192.0.2.1", "2 198.51.100.7", "3 0.0.0.0"}));
    EXPECT_TRUE(std::ranges::is_sorted(plan.ports[0].frontends));
}

TEST_F(Select, SlicesOfAnotherPortNameDoNotMatch) {
    auto s = service("web", "10.96.0.1");
    s.ports[0].name = "http";
    const auto plan = names.plan(s, {slice("web", "s", {names.endpoint("10.0.0.1")})});
    EXPECT_TRUE(plan.ports[0].cluster.empty());
}

// --- policies, routes, masquerade ---

TEST_F(Select, ExternalPolicyCluster) {
    const auto plan = names.plan(everywhere(), {slice("web", "s", {names.endpoint("10.0.0.1")})});
    const auto& port = plan.ports[0];
    for (const auto kind : kExternalKinds) {
        const auto& f = frontend(port, kind);
        EXPECT_EQ(f.inside, kClusterRoute);
        EXPECT_EQ(f.outside, kClusterRoute);
        EXPECT_EQ(f.masquerade, Masquerade::always);
    }
    EXPECT_EQ(frontend(port, FrontendKind::node_port).port, Port(30080));
    EXPECT_EQ(frontend(port, FrontendKind::load_balancer_ip).port, Port(80));
    EXPECT_TRUE(port.local.empty());
}

TEST_F(Select, ExternalPolicyLocalShortCircuitsInside) {
    auto s = everywhere();
    s.external_policy = TrafficPolicy::local;
    const auto plan =
        names.plan(s, {slice("web", "s", {names.local("10.0.0.1"), names.endpoint("10.0.0.2")})});
    const auto& port = plan.ports[0];
    for (const auto kind : kExternalKinds) {
        const auto& f = frontend(port, kind);
        EXPECT_EQ(f.inside, kClusterRoute);
        EXPECT_EQ(f.outside, (Route{ListId::local, OnEmpty::drop}));
        EXPECT_EQ(f.masquerade, Masquerade::node_only);
    }
    const auto& internal = frontend(port, FrontendKind::cluster_ip);
    EXPECT_EQ(internal.inside, kClusterRoute);
    EXPECT_EQ(internal.outside, kClusterRoute);
    EXPECT_EQ(internal.masquerade, Masquerade::not_pods);
    EXPECT_EQ(addresses(port.cluster), (List{"10.0.0.1", "10.0.0.2"}));
    EXPECT_EQ(addresses(port.local), List{"10.0.0.1"});
    EXPECT_FALSE(port.no_local_external);
}

TEST_F(Select, ExternalPolicyLocalWithoutLocalEndpointDropsOutside) {
    auto s = everywhere();
    s.external_policy = TrafficPolicy::local;
    const auto plan = names.plan(s, {slice("web", "s", {names.endpoint("10.0.0.2")})});
    const auto& port = plan.ports[0];
    EXPECT_EQ(frontend(port, FrontendKind::node_port).outside,
              (Route{ListId::local, OnEmpty::drop}));
    EXPECT_TRUE(port.no_local_external);
    EXPECT_FALSE(port.no_local_internal);
}

TEST_F(Select, NobodyAnywhereIsRejectedUnderEveryPolicy) {
    for (const auto internal : {TrafficPolicy::cluster, TrafficPolicy::local}) {
        for (const auto external : {TrafficPolicy::cluster, TrafficPolicy::local}) {
            auto s = everywhere();
            s.internal_policy = internal;
            s.external_policy = external;
            const auto plan = names.plan(s, {slice("web", "s", {names.local("10.0.0.2", 'X')})});
            for (const auto& f : plan.ports[0].frontends) {
                EXPECT_EQ(f.inside.on_empty, OnEmpty::reject);
                EXPECT_EQ(f.outside.on_empty, OnEmpty::reject);
            }
            EXPECT_FALSE(plan.ports[0].no_local_internal);
            EXPECT_FALSE(plan.ports[0].no_local_external);
        }
    }
}

TEST_F(Select, InternalPolicyLocalConcernsOnlyTheClusterIp) {
    auto s = everywhere();
    s.internal_policy = TrafficPolicy::local;
    const auto plan = names.plan(s, {slice("web", "s", {names.endpoint("10.0.0.2")})});
    const auto& port = plan.ports[0];
    const auto& internal = frontend(port, FrontendKind::cluster_ip);
    EXPECT_EQ(internal.inside, (Route{ListId::local, OnEmpty::drop}));
    EXPECT_EQ(internal.outside, internal.inside);
    EXPECT_EQ(internal.masquerade, Masquerade::not_pods);
    for (const auto kind : kExternalKinds) {
        EXPECT_EQ(frontend(port, kind).outside, kClusterRoute);
    }
    EXPECT_TRUE(port.no_local_internal);
    EXPECT_FALSE(port.no_local_external);
}

TEST_F(Select, InternalPolicyLocalAloneBuildsNoClusterList) {
    auto s = service("web", "10.96.0.1");
    s.internal_policy = TrafficPolicy::local;
    const auto plan =
        names.plan(s, {slice("web", "s", {names.endpoint("10.0.0.2"), names.local("10.0.0.1")})});
    EXPECT_TRUE(plan.ports[0].cluster.empty());
    EXPECT_EQ(addresses(plan.ports[0].local), List{"10.0.0.1"});
}

TEST_F(Select, ExternalPolicyLocalNeedsAWayIn) {
    auto s = service("web", "10.96.0.1");
    s.external_policy = TrafficPolicy::local;
    for (const auto type :
         {ServiceType::cluster_ip, ServiceType::node_port, ServiceType::load_balancer}) {
        s.type = type;
        const auto plan = names.plan(s, {slice("web", "s", {names.endpoint("10.0.0.2")})});
        EXPECT_TRUE(plan.ports[0].local.empty());
        EXPECT_FALSE(plan.ports[0].no_local_external);
    }
}

TEST_F(Select, ExternalPolicyOfAClusterIpServiceCountsWithAnExternalIp) {
    auto s = service("web", "10.96.0.1");
    s.external_policy = TrafficPolicy::local;
    s.external_ips = ips({"198.51.100.7"});
    const auto with = names.plan(s, {});
    EXPECT_EQ(frontend(with.ports[0], FrontendKind::external_ip).outside.list, ListId::local);
    s.external_ips.clear();
    s.ports[0].node_port = Port(30080);
    const auto without = names.plan(s, {});
    EXPECT_EQ(frontend(without.ports[0], FrontendKind::node_port).outside.list, ListId::cluster);
}

TEST_F(Select, TerminatingLocalServesOutsideWhileInsideUsesReady) {
    auto s = everywhere();
    s.external_policy = TrafficPolicy::local;
    const auto plan = names.plan(
        s, {slice("web", "s", {names.local("10.0.0.1", 'T'), names.endpoint("10.0.0.2")})});
    EXPECT_EQ(addresses(plan.ports[0].cluster), List{"10.0.0.2"});
    EXPECT_EQ(addresses(plan.ports[0].local), List{"10.0.0.1"});
}

}  // namespace
}  // namespace sy
