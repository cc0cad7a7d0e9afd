#include "backends/ebpf/text.h"

#include <gmock/gmock.h>

#include "backends/ebpf/compile.h"
#include "tests/support/plans.h"

namespace sy::ebpf {
namespace {

using test::endpoint;
using test::external;
using test::ip;
using testing::HasSubstr;
using testing::Not;

std::string text_of(const std::vector<ServicePlan>& plans, const NodeFacts& facts = {}) {
    Pools pools{EbpfSettings{}};
    std::vector<Programmed> programmed;
    for (const auto& plan : plans) {
        programmed.push_back({plan.name, compile(plan, {}, pools).value()});
    }
    return maps_text(programmed, facts, pools);
}

TEST(MapsText, ShowsEveryMapThatHoldsSomething) {
    auto plan = test::cluster_ip_plan(
        "web", "10.96.0.1", 80, {endpoint("10.244.1.11:8080", true), endpoint("10.244.2.21:8080")});
    plan.ports[0].name = "http";
    plan.ports[0].affinity_timeout = 10800;
    plan.ports[0].frontends.push_back(
        external(FrontendKind::node_port, ip("0.0.0.0"), 30080, true));
    const NodeFacts facts{
        {ip("192.168.50.1")}, {}, CidrDetector{{*Cidr::parse("10.244.0.0/16")}}, false};
    EXPECT_EQ(text_of({plan}, facts),
              R"(map settings
  key: 0  value: flags no-detector6,loopback4
map node_addresses4
  key: 192.168.50.1  value: 1
map frontends4
  key: *:30080 TCP NodePort  value: id 2  # default/web:http
  key: 10.96.0.1:80 TCP  value: id 1  # default/web:http
map services
  key: 1  value: base 0 count 2 flags affinity  # default/web:http
  key: 2  value: base 2 count 2 flags affinity,inside-only  # default/web:http
map affinity
  key: 1  value: seconds 10800 group 1  # default/web:http
  key: 2  value: seconds 10800 group 1  # default/web:http
map names
  key: 1  value: default/web:http IPv4 TCP list cluster
  key: 2  value: default/web:http IPv4 TCP list cluster
map slots
  key: 0  value: endpoint 1 owner 1  # default/web:http
  key: 1  value: endpoint 2 owner 1  # default/web:http
  key: 2  value: endpoint 1 owner 2  # default/web:http
  key: 3  value: endpoint 2 owner 2  # default/web:http
map endpoints4
  key: 1  value: 10.244.1.11:8080
  key: 2  value: 10.244.2.21:8080
)");
}

TEST(MapsText, SharedEndpointsAreShownOnce) {
    const auto shared = endpoint("[fd00:10:244::5]:8080");
    const auto text = text_of({test::cluster_ip_plan("a", "fd00:10:96::1", 80, {shared}),
                               test::cluster_ip_plan("b", "fd00:10:96::2", 80, {shared})});
    EXPECT_THAT(text, HasSubstr("map endpoints6\n  key: 1  value: [fd00:10:244::5]:8080\n"));
    EXPECT_THAT(text, HasSubstr("key: [fd00:10:96::2]:80 TCP  value: id 2  # default/b\n"));
}

TEST(MapsText, NamesCannotAddLines) {
    const auto text =
        text_of({test::cluster_ip_plan("web\nmap slots\x1b[31m", "10.96.0.1", 80, {})});
    EXPECT_THAT(text, Not(HasSubstr("\nmap slots")));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace sy::ebpf
