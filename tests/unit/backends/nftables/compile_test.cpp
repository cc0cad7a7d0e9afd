#include "backends/nftables/compile.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "backends/nftables/numbers.h"
#include "backends/nftables/vocabulary.h"
#include "backends/nftables/word.h"
#include "tests/support/plans.h"

namespace sy::nft {
namespace {

using test::cluster_ip_plan;
using test::endpoint;
using test::external;
using test::ip;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

constexpr uint32_t kId1 = id_word(1);
constexpr uint32_t kId2 = id_word(2);
const PlannedEndpoint kLocal = endpoint("10.244.1.11:8080", true);
const PlannedEndpoint kRemote = endpoint("10.244.2.21:8080");
const PlannedEndpoint kOther = endpoint("10.244.2.22:8080");
const IpAddr kVip = ip("10.96.0.1");

Fragment compiled(const ServicePlan& plan, const Fragment& before, NumberPool& numbers) {
    auto fragment = compile(plan, before, numbers);
    EXPECT_TRUE(fragment) << fragment.error().message();
    return fragment.value_or(Fragment{});
}

Fragment compiled(const ServicePlan& plan) {
    NumberPool numbers;
    return compiled(plan, {}, numbers);
}

/// Number of elements that differ, counting a changed value twice (a removal and an addition).
std::size_t difference(const Fragment& a, const Fragment& b) {
    std::vector<Element> result;
    std::ranges::set_symmetric_difference(a.own, b.own, std::back_inserter(result));
    return result.size();
}

uint32_t word_of(const Fragment& fragment, const Element& probe) {
    for (const auto& element : fragment.own) {
        if (element.same_key(probe)) {
            return data_word(element);
        }
    }
    ADD_FAILURE() << "no such frontend";
    return 0;
}

Element vip_probe() {
    return frontend_element(kVip, Protocol::tcp, Port(80), 0);
}

TEST(Compile, ClusterIpIsOneFrontendAndItsSlots) {
    const auto fragment = compiled(cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote}));
    EXPECT_THAT(fragment.own,
                UnorderedElementsAre(frontend_element(kVip, Protocol::tcp, Port(80), kId1 | 2),
                                     slot_element(kId1, 0, kLocal.address),
                                     slot_element(kId1, 1, kRemote.address)));
    EXPECT_THAT(fragment.shared,
                UnorderedElementsAre(address_element(SetId::cluster_ips, kVip),
                                     address_element(SetId::service_endpoints, kLocal.address.ip),
                                     address_element(SetId::service_endpoints, kRemote.address.ip),
                                     hairpin_element(kLocal.address.ip)));
}

TEST(Compile, EmptyListsRejectOrDrop) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {});
    EXPECT_EQ(word_of(compiled(plan), vip_probe()) & kClassMask, kClassReject);
    plan.ports[0].frontends[0].inside = {ListId::local, OnEmpty::drop};
    plan.ports[0].frontends[0].outside = plan.ports[0].frontends[0].inside;
    EXPECT_EQ(word_of(compiled(plan), vip_probe()) & kClassMask, kClassDrop);
}

TEST(Compile, ExternalFrontendsShareTheListOfTheClusterIp) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote, kOther});
    const auto lb = ip("198.51.100.1");
    plan.ports[0].frontends.push_back(external(FrontendKind::load_balancer_ip, lb, 80, false));
    plan.ports[0].frontends.push_back(
        external(FrontendKind::node_port, unspecified(Family::ipv4), 30001, false));
    const auto fragment = compiled(plan);
    EXPECT_EQ(fragment.own.size(), 6U);  // two frontends, a NodePort, three slots
    EXPECT_THAT(
        fragment.own,
        IsSupersetOf({frontend_element(lb, Protocol::tcp, Port(80), kRoleMasquerade | kId1 | 3),
                      nodeport_element(Family::ipv4, Protocol::tcp, Port(30001),
                                       kRoleMasquerade | kId1 | 3)}));
}

TEST(Compile, ExternalPolicyLocalHasAListOfItsOwnAndAShortcut) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote, kOther});
    const auto lb = ip("198.51.100.1");
    plan.ports[0].local = {kLocal};
    plan.ports[0].frontends.push_back(external(FrontendKind::load_balancer_ip, lb, 80, true));
    plan.ports[0].frontends.back().check_ranges = true;
    plan.ports[0].source_ranges = {*Cidr::parse("203.0.113.0/29")};
    const auto fragment = compiled(plan);
    EXPECT_THAT(fragment.own,
                IsSupersetOf({slot_element(kRoleLocal | kId1, 0, kLocal.address),
                              shortcut_element(Family::ipv4, kId1, kId1 | 3),
                              range_element(kId1, plan.ports[0].source_ranges[0]),
                              frontend_element(lb, Protocol::tcp, Port(80),
                                               kRoleLocal | kRoleRanges | kId1 | 1)}));
    plan.ports[0].local.clear();
    EXPECT_EQ(word_of(compiled(plan), frontend_element(lb, Protocol::tcp, Port(80), 0)),
              kRoleLocal | kRoleRanges | kId1 | kClassDrop);
}

TEST(Compile, InternalPolicyLocalTakesAnIdOfItsOwnBesideExternalFrontends) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote});
    plan.ports[0].local = {kLocal};
    plan.ports[0].frontends[0].inside = {ListId::local, OnEmpty::drop};
    plan.ports[0].frontends[0].outside = plan.ports[0].frontends[0].inside;
    plan.ports[0].frontends.push_back(
        external(FrontendKind::node_port, unspecified(Family::ipv4), 30001, false));
    const auto fragment = compiled(plan);
    EXPECT_EQ(word_of(fragment, vip_probe()), kId2 | 1);
    EXPECT_THAT(fragment.own, IsSupersetOf({slot_element(kId2, 0, kLocal.address),
                                            slot_element(kId1, 0, kLocal.address),
                                            slot_element(kId1, 1, kRemote.address)}));
}

TEST(Compile, AffinityKeepsIndicesOfLivingEndpoints) {
    NumberPool numbers;
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote, kOther});
    plan.ports[0].affinity_timeout = 10800;
    const auto before = compiled(plan, {}, numbers);
    EXPECT_EQ(word_of(before, vip_probe()) & kClassMask, kFirstAssignedClass);
    plan.ports[0].cluster = {kRemote, kOther};
    const auto after = compiled(plan, before, numbers);
    EXPECT_THAT(after.own, IsSupersetOf({affinity_endpoint_element(kId1, 2, kRemote.address),
                                         affinity_endpoint_element(kId1, 3, kOther.address)}));
    EXPECT_EQ(numbers.classes(Family::ipv4).size(), 2U);
}

TEST(Compile, AReplacedEndpointIsOneElement) {
    NumberPool numbers;
    const auto before =
        compiled(cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote}), {}, numbers);
    const auto after =
        compiled(cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kOther}), before, numbers);
    EXPECT_EQ(difference(before, after), 2U);
}

TEST(Compile, ARemovedEndpointMovesAtMostOneOther) {
    NumberPool numbers;
    const auto before =
        compiled(cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote, kOther}), {}, numbers);
    const auto after =
        compiled(cluster_ip_plan("web", "10.96.0.1", 80, {kRemote, kOther}), before, numbers);
    // The hole (2), the last slot (1), the word (2).
    EXPECT_EQ(difference(before, after), 5U);
}

TEST(Compile, PolicyChangesKeepIdsApart) {
    NumberPool numbers;
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal, kRemote});
    plan.ports[0].frontends.push_back(
        external(FrontendKind::node_port, unspecified(Family::ipv4), 30001, false));
    const auto shared = compiled(plan, {}, numbers);
    auto separate = plan;
    separate.ports[0].local = {kLocal};
    separate.ports[0].frontends[0].inside = {ListId::local, OnEmpty::drop};
    const auto apart = compiled(separate, shared, numbers);
    EXPECT_EQ(word_of(apart, vip_probe()), kId2 | 1);
    const auto again = compiled(plan, apart, numbers);
    EXPECT_EQ(again, shared);
}

TEST(Compile, PortsThatSwapFrontendsDoNotShareAnId) {
    NumberPool numbers;
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kLocal});
    auto second = plan.ports[0];
    second.name = "second";
    second.frontends[0].port = Port(81);
    plan.ports[0].frontends.push_back(
        external(FrontendKind::node_port, unspecified(Family::ipv4), 30001, false));
    plan.ports.push_back(second);
    const auto before = compiled(plan, {}, numbers);
    std::swap(plan.ports[0].frontends[0].port, plan.ports[1].frontends[0].port);
    plan.ports[1].cluster = {kRemote};
    const auto after = compiled(plan, before, numbers);
    const auto word80 = word_of(after, vip_probe());
    const auto word81 = word_of(after, frontend_element(kVip, Protocol::tcp, Port(81), 0));
    EXPECT_NE(id_of(word80), id_of(word81));
    EXPECT_THAT(after.own, IsSupersetOf({slot_element(word80 & kIdMask, 0, kRemote.address),
                                         slot_element(word81 & kIdMask, 0, kLocal.address)}));
}

TEST(Compile, IPv6UsesTheSameShape) {
    const auto six = endpoint("[fd00:10:244::11]:8080", true);
    const auto fragment = compiled(cluster_ip_plan("web", "fd00:10:96::1", 80, {six}));
    EXPECT_THAT(fragment.own,
                UnorderedElementsAre(
                    frontend_element(ip("fd00:10:96::1"), Protocol::tcp, Port(80), kId1 | 1),
                    slot_element(kId1, 0, six.address)));
}

TEST(Compile, RefusesMoreAffinityEndpointsThanTheLayoutHas) {
    std::vector<PlannedEndpoint> many;
    for (int i = 0; i < 1024; ++i) {
        many.push_back(endpoint("10.1." + std::to_string(i / 250) + "." +
                                std::to_string(i % 250 + 1) + ":80"));
    }
    auto plan = cluster_ip_plan("big", "10.96.0.1", 80, many);
    NumberPool numbers;
    EXPECT_TRUE(compile(plan, {}, numbers));
    plan.ports[0].affinity_timeout = 60;
    const auto refused = compile(plan, {}, numbers);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().on, "Service default/big");
}

}  // namespace
}  // namespace sy::nft
