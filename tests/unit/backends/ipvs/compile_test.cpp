#include "backends/ipvs/compile.h"

#include <gmock/gmock.h>

#include "backends/ipvs/elements.h"
#include "backends/ipvs/word.h"
#include "backends/nftables/numbers.h"
#include "tests/support/plans.h"

namespace sy::ipvs {
namespace {

using nft::address_element;
using nft::hairpin_element;
using nft::NumberPool;
using nft::SetId;
using test::cluster_ip_plan;
using test::endpoint;
using test::external;
using test::ip;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

constexpr uint32_t kMark1 = mark_of(1);
constexpr uint32_t kMark2 = mark_of(2);
const PlannedEndpoint kLocal = endpoint("10.244.1.11:8080", true);
const PlannedEndpoint kRemote = endpoint("10.244.2.21:8080");
const IpAddr kVip = ip("10.96.0.1");
const IpAddr kLb = ip("198.51.100.1");

Fragment compiled(const ServicePlan& plan, const Fragment& before, NumberPool& numbers) {
    auto fragment = compile(plan, before, numbers);
    EXPECT_TRUE(fragment) << fragment.error().message();
    return fragment.value_or(Fragment{});
}

Fragment compiled(const ServicePlan& plan) {
    NumberPool numbers(kMaxId);
    return compiled(plan, {}, numbers);
}

Object server(uint32_t mark) {
    return ServerKey{Family::ipv4, mark};
}
Object target(uint32_t mark, const PlannedEndpoint& endpoint, bool drains = true) {
    return Target{{Family::ipv4, mark}, endpoint.address, drains};
}
Object frontend(const IpAddr& address, uint32_t word) {
    return frontend_element(address, Protocol::tcp, Port(80), word);
}

TEST(IpvsCompile, ClusterIpIsOneWordAndOneServer) {
    const auto fragment = compiled(cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote}));
    EXPECT_THAT(fragment.own,
                UnorderedElementsAre(frontend(kVip, kMark1), server(kMark1), target(kMark1, kLocal),
                                     target(kMark1, kRemote)));
    EXPECT_THAT(fragment.shared,
                UnorderedElementsAre(address_element(SetId::cluster_ips, kVip),
                                     address_element(SetId::service_endpoints, kLocal.address.ip),
                                     address_element(SetId::service_endpoints, kRemote.address.ip),
                                     hairpin_element(kLocal.address.ip)));
}

TEST(IpvsCompile, EmptyListsRejectOrDropAndHaveNoServer) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {});
    EXPECT_THAT(compiled(plan).own, UnorderedElementsAre(frontend(kVip, kReject | kMark1)));
    plan.ports[0].frontends[0].inside = {ListId::local, OnEmpty::drop};
    plan.ports[0].frontends[0].outside = plan.ports[0].frontends[0].inside;
    EXPECT_THAT(compiled(plan).own, UnorderedElementsAre(frontend(kVip, kDrop | kMark1)));
}

TEST(IpvsCompile, ExternalFrontendsShareTheServerOfTheClusterIp) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kRemote});
    plan.ports[0].frontends.push_back(external(FrontendKind::load_balancer_ip, kLb, 80, false));
    plan.ports[0].frontends.push_back(
        external(FrontendKind::node_port, unspecified(Family::ipv4), 30001, false));
    const auto fragment = compiled(plan);
    EXPECT_THAT(fragment.own, UnorderedElementsAre(
                                  frontend(kVip, kMark1), frontend(kLb, kRoleMasquerade | kMark1),
                                  nodeport_element(Family::ipv4, Protocol::tcp, Port(30001),
                                                   kRoleMasquerade | kMark1),
                                  server(kMark1), target(kMark1, kRemote)));
    EXPECT_THAT(fragment.shared, IsSupersetOf<Object>({address_element(SetId::cluster_ips, kVip),
                                                       address_element(SetId::vips, kLb)}));
}

TEST(IpvsCompile, ExternalPolicyLocalHasAServerOfItsOwn) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote});
    auto& port = plan.ports[0];
    port.local = {kLocal};
    port.frontends.push_back(external(FrontendKind::load_balancer_ip, kLb, 80, true));
    port.frontends.back().check_ranges = true;
    port.source_ranges = {*Cidr::parse("203.0.113.0/29")};
    EXPECT_THAT(compiled(plan).own,
                IsSupersetOf({frontend(kLb, kRoleLocal | kRoleRanges | kMark1),
                              server(kRoleLocal | kMark1), target(kRoleLocal | kMark1, kLocal),
                              server(kMark1), Object(range_element(1, port.source_ranges[0]))}));
    port.local.clear();
    EXPECT_THAT(compiled(plan).own,
                IsSupersetOf({frontend(kLb, kRoleLocal | kRoleRanges | kDrop | kMark1)}));
    port.cluster.clear();
    EXPECT_THAT(compiled(plan).own,
                IsSupersetOf({frontend(kLb, kRoleLocal | kRoleRanges | kDrop | kReject | kMark1)}));
}

TEST(IpvsCompile, InternalPolicyLocalTakesAnIdOfItsOwnBesideExternalFrontends) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote});
    auto& port = plan.ports[0];
    port.local = {kLocal};
    port.frontends[0].inside = port.frontends[0].outside = {ListId::local, OnEmpty::drop};
    port.frontends.push_back(external(FrontendKind::load_balancer_ip, kLb, 80, false));
    EXPECT_THAT(compiled(plan).own,
                IsSupersetOf({frontend(kVip, kMark2), server(kMark2), target(kMark2, kLocal),
                              frontend(kLb, kRoleMasquerade | kMark1), server(kMark1),
                              target(kMark1, kLocal), target(kMark1, kRemote)}));
}

TEST(IpvsCompile, AffinityHasAServerPerEndpoint) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote});
    plan.ports[0].affinity_timeout = 10800;
    const auto fragment = compiled(plan);
    constexpr uint32_t kMark3 = mark_of(3);
    EXPECT_THAT(fragment.own,
                UnorderedElementsAre(
                    frontend(kVip, kMark1), Object(sticky_element(Family::ipv4, kMark1, 0x200)),
                    Object(slot_element(Family::ipv4, kMark1, 0, kMark2)),
                    Object(slot_element(Family::ipv4, kMark1, 1, kMark3)),
                    Object(server_element(Family::ipv4, kMark2)),
                    Object(server_element(Family::ipv4, kMark3)), server(kMark2), server(kMark3),
                    target(kMark2, kLocal), target(kMark3, kRemote)));
}

TEST(IpvsCompile, AffinityEndpointsKeepTheirServers) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote});
    plan.ports[0].affinity_timeout = 10800;
    NumberPool numbers(kMaxId);
    const auto before = compiled(plan, {}, numbers);
    plan.ports[0].cluster = {endpoint("10.244.0.1:8080"), kRemote};
    const auto after = compiled(plan, before, numbers);
    EXPECT_THAT(after.own, IsSupersetOf({target(mark_of(3), kRemote),
                                         Object(slot_element(Family::ipv4, kMark1, 1, mark_of(3))),
                                         target(mark_of(4), endpoint("10.244.0.1:8080"))}));
    EXPECT_EQ(compiled(plan, after, numbers), after);
}

TEST(IpvsCompile, DatagramsDoNotDrain) {
    auto plan = cluster_ip_plan("dns", "10.96.0.1", 53, {kRemote});
    plan.ports[0].protocol = Protocol::udp;
    EXPECT_THAT(compiled(plan).own, IsSupersetOf({target(kMark1, kRemote, false)}));
}

}  // namespace
}  // namespace sy::ipvs
