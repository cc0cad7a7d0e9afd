#include "model/fingerprint.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "build.h"

namespace sy {
namespace {

using namespace test;

ServicePlan sample() {
    ServicePlan plan;
    plan.name = {"default", "web"};
    PortPlan port;
    port.name = "http";
    port.frontends = {{FrontendKind::cluster_ip, ip("10.96.0.1"), Port(80), Route{}, Route{}}};
    port.cluster = {{at("10.0.0.1", 8080), false}};
    port.source_ranges = nets({"10.0.0.0/8"});
    port.serving = {at("10.0.0.1", 8080)};
    plan.ports = {port};
    plan.health_check = HealthCheckPlan{Port(32000), 1, 0};
    plan.lost = {{Family::ipv4, Protocol::tcp, FrontendKind::cluster_ip, ip("10.96.0.2"), Port(80),
                  ServiceName{"default", "a"}}};
    return plan;
}

TEST(Fingerprint, EqualForEqualPlans) {
    EXPECT_EQ(fingerprint(sample()), fingerprint(sample()));
}

TEST(Fingerprint, ZeroForPlansThatNeedNothing) {
    ServicePlan plan;
    EXPECT_TRUE(needs_nothing(plan));
    EXPECT_EQ(fingerprint(plan), 0U);
    plan.lost = sample().lost;
    EXPECT_FALSE(needs_nothing(plan));
    EXPECT_NE(fingerprint(plan), 0U);
}

TEST(Fingerprint, EveryFieldCounts) {
    const std::vector<std::function<void(ServicePlan&)>> changes{
        [](ServicePlan& p) { p.ports[0].family = Family::ipv6; },
        [](ServicePlan& p) { p.ports[0].protocol = Protocol::udp; },
        [](ServicePlan& p) { p.ports[0].name = "htt"; },
        [](ServicePlan& p) { p.ports[0].frontends[0].kind = FrontendKind::external_ip; },
        [](ServicePlan& p) { p.ports[0].frontends[0].address = ip("10.96.0.2"); },
        [](ServicePlan& p) { p.ports[0].frontends[0].port = Port(81); },
        [](ServicePlan& p) { p.ports[0].frontends[0].inside.list = ListId::local; },
        [](ServicePlan& p) { p.ports[0].frontends[0].inside.on_empty = OnEmpty::drop; },
        [](ServicePlan& p) { p.ports[0].frontends[0].outside.list = ListId::local; },
        [](ServicePlan& p) { p.ports[0].frontends[0].outside.on_empty = OnEmpty::drop; },
        [](ServicePlan& p) { p.ports[0].frontends[0].masquerade = Masquerade::always; },
        [](ServicePlan& p) { p.ports[0].frontends[0].check_ranges = true; },
        [](ServicePlan& p) { p.ports[0].frontends.push_back(p.ports[0].frontends[0]); },
        [](ServicePlan& p) { p.ports[0].cluster[0].address.port = Port(8081); },
        [](ServicePlan& p) { p.ports[0].cluster[0].is_local = true; },
        [](ServicePlan& p) { std::swap(p.ports[0].cluster, p.ports[0].local); },
        [](ServicePlan& p) { p.ports[0].source_ranges = nets({"10.0.0.0/9"}); },
        [](ServicePlan& p) { p.ports[0].affinity_timeout = 0; },
        [](ServicePlan& p) { p.ports[0].affinity_timeout = 1; },
        [](ServicePlan& p) { p.ports[0].serving.clear(); },
        [](ServicePlan& p) { p.ports[0].no_local_internal = true; },
        [](ServicePlan& p) { p.ports[0].no_local_external = true; },
        [](ServicePlan& p) { p.ports.push_back(p.ports[0]); },
        [](ServicePlan& p) { p.ports.clear(); },
        [](ServicePlan& p) { p.health_check.reset(); },
        [](ServicePlan& p) { p.health_check->node_port = Port(32001); },
        [](ServicePlan& p) { p.health_check->local_ready_ipv4 = 2; },
        [](ServicePlan& p) { p.health_check->local_ready_ipv6 = 2; },
        [](ServicePlan& p) { p.lost.clear(); },
        [](ServicePlan& p) { p.lost[0].family = Family::ipv6; },
        [](ServicePlan& p) { p.lost[0].protocol = Protocol::sctp; },
        [](ServicePlan& p) { p.lost[0].kind = FrontendKind::node_port; },
        [](ServicePlan& p) { p.lost[0].address = ip("10.96.0.3"); },
        [](ServicePlan& p) { p.lost[0].port = Port(81); },
        [](ServicePlan& p) { p.lost[0].holder.ns = "other"; },
        [](ServicePlan& p) { p.lost[0].holder.name = "b"; },
    };
    std::set<uint64_t> seen{fingerprint(sample())};
    for (const auto& change : changes) {
        auto plan = sample();
        change(plan);
        seen.insert(fingerprint(plan));
    }
    EXPECT_EQ(seen.size(), changes.size() + 1);
}

}  // namespace
}  // namespace sy
