#include "model/plan_text.h"

#include <gtest/gtest.h>

#include "build.h"

namespace sy {
namespace {

using namespace test;

TEST(PlanText, SaysEverything) {
    Names names;
    auto s = dual("web", "10.96.0.1", "fd00:96::1");
    s.type = ServiceType::load_balancer;
    s.external_policy = TrafficPolicy::local;
    s.affinity_timeout = 10800;
    s.load_balancer_ips = ips({"192.0.2.1"});
    s.source_ranges_set = true;
    s.source_ranges = nets({"203.0.113.0/24"});
    s.health_check_node_port = Port(32000);
    s.ports[0] = {"http", Protocol::udp, Port(80), Port(30080)};
    auto endpoints = slice("web", "s", {names.local("10.0.0.1"), names.endpoint("10.0.0.2")});
    endpoints.ports = {{"http", Protocol::udp, Port(8080)}};
    auto plan = names.plan(s, {endpoints});
    plan.lost = {{Family::ipv4, Protocol::udp, FrontendKind::node_port, IpAddr{}, Port(30081),
                  ServiceName{"default", "a"}}};
    plan.ports[1].no_local_external = true;
    EXPECT_EQ(plan_text(plan), R"(Service default/web
  IPv4 UDP "http"
    ClusterIP 10.96.0.1:80 -> cluster or reject, masquerade all but pods
    LoadBalancer 192.0.2.1:80 -> inside cluster or reject, outside local or drop, masquerade the node, from allowed sources only
    NodePort 30080 -> inside cluster or reject, outside local or drop, masquerade the node
    cluster: 10.0.0.1:8080(here) 10.0.0.2:8080
    local: 10.0.0.1:8080(here)
    allowed sources: 203.0.113.0/24
    affinity: 10800 s
    serving: 10.0.0.1:8080 10.0.0.2:8080
  IPv6 UDP "http"
    ClusterIP [fd00:96::1]:80 -> cluster or reject, masquerade all but pods
    NodePort 30080 -> inside cluster or reject, outside local or reject, masquerade the node
    cluster: none
    local: none
    affinity: 10800 s
    serving: none
    no local endpoint for: external
  health check on 32000: 1 local in IPv4, 0 in IPv6
  lost IPv4 UDP NodePort 30081 to default/a
)");
}

TEST(PlanText, NamesCannotForgeLines) {
    ServicePlan plan;
    plan.name = {"default", "web\nService default/other\x1b[2J"};
    EXPECT_EQ(plan_text(plan), "Service default/web\\x0aService default/other\\x1b[2J\n");
}

}  // namespace
}  // namespace sy
