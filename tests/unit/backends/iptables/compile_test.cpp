#include "backends/iptables/compile.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "backends/iptables/node_members.h"
#include "backends/iptables/text.h"
#include "tests/support/plans.h"

namespace sy::iptables {
namespace {

using test::cluster_ip_plan;
using test::endpoint;
using test::external;
using test::ip;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

/// Everything as lines: "cip 10.96.0.1", "SY-C -d …", "SY-S-<hash> -p …".
std::vector<std::string> words(const std::vector<Object>& objects) {
    constexpr std::array<std::string_view, 4> kRoots{"C ", "D ", "N ", "M "};
    std::vector<std::string> all;
    for (const auto& object : objects) {
        if (const auto* member = std::get_if<Member>(&object)) {
            all.push_back(std::string(role_name(member->set.role)) + " " + member_text(*member));
        } else if (const auto* line = std::get_if<TreeLine>(&object)) {
            for (const auto& rule : rules_of(*line)) {
                all.push_back(std::string(kRoots[static_cast<std::size_t>(line->key.tree)]) + rule);
            }
        } else if (const auto* list = std::get_if<ListChain>(&object)) {
            for (const auto& rule : rules_of(*list)) {
                all.push_back((list->list == ListId::cluster ? "S " : "SL ") + rule);
            }
        } else {
            all.push_back("set " + std::to_string(std::get<SetDef>(object).timeout));
        }
    }
    return all;
}

std::size_t rule_count(const Fragment& fragment) {
    std::size_t count = 0;
    for (const auto& object : fragment.own) {
        if (const auto* line = std::get_if<TreeLine>(&object)) {
            count += rules_of(*line).size();
        } else if (const auto* list = std::get_if<ListChain>(&object)) {
            count += rules_of(*list).size();
        }
    }
    return count;
}

std::vector<PlannedEndpoint> endpoints(int count) {
    std::vector<PlannedEndpoint> all;
    for (int i = 1; i <= count; ++i) {
        all.push_back(endpoint("10.244.1." + std::to_string(i) + ":8080", i == 1));
    }
    return all;
}

/// A Service under the policies, with an address of every kind.
ServicePlan everything(bool local, int cluster, int local_count, OnEmpty on_empty = OnEmpty::drop) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, endpoints(cluster));
    auto& port = plan.ports[0];
    auto vip = external(FrontendKind::load_balancer_ip, ip("198.51.100.1"), 80, local);
    vip.outside.on_empty = local ? on_empty : OnEmpty::reject;
    auto node_port = external(FrontendKind::node_port, ip("0.0.0.0"), 30001, local);
    node_port.outside.on_empty = vip.outside.on_empty;
    port.frontends.push_back(vip);
    port.frontends.push_back(node_port);
    port.local = endpoints(local_count);
    return plan;
}

std::string to_list(ListId list) {
    return list_chain_name(list, port_id({"default", "web"}, "", Protocol::tcp));
}

TEST(Compile, OneFrontendAndFewEndpointsNeedNoChain) {
    const auto fragment = compile(cluster_ip_plan("web", "10.96.0.1", 80, endpoints(2)), {});
    EXPECT_THAT(words(fragment.own),
                ElementsAre("C -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -m statistic --mode random "
                            "--probability 0.50000000000 -j DNAT --to-destination 10.244.1.1:8080",
                            "C -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination "
                            "10.244.1.2:8080"));
    EXPECT_THAT(words(fragment.shared),
                ElementsAre("cip 10.96.0.1", "ep 10.244.1.1,tcp:8080", "ep 10.244.1.2,tcp:8080"));
}

TEST(Compile, ManyEndpointsHaveAChain) {
    const auto fragment = compile(cluster_ip_plan("web", "10.96.0.1", 80, endpoints(5)), {});
    const auto all = words(fragment.own);
    EXPECT_THAT(
        all, Contains("C -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -g " + to_list(ListId::cluster)));
    EXPECT_EQ(all.size(), 6U);
}

TEST(Compile, PolicyClusterSharesOneList) {
    const auto all = words(compile(everything(false, 1, 0), {}).own);
    EXPECT_THAT(all,
                UnorderedElementsAre(
                    "vip 198.51.100.1,tcp:80", "np 0.0.0.0/1,tcp:30001", "np 128.0.0.0/1,tcp:30001",
                    "S -p tcp -j DNAT --to-destination 10.244.1.1:8080",
                    "C -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -g " + to_list(ListId::cluster),
                    "C -d 198.51.100.1/32 -p tcp -m tcp --dport 80 -g " + to_list(ListId::cluster),
                    "N -p tcp -m tcp --dport 30001 -g " + to_list(ListId::cluster)));
}

TEST(Compile, PolicyLocalHasTwoListsAndTwoTrees) {
    const auto all = words(compile(everything(true, 2, 1), {}).own);
    EXPECT_THAT(all, Contains("local 198.51.100.1,tcp:80"));
    EXPECT_THAT(all, Contains("np-local 0.0.0.0/1,tcp:30001"));
    EXPECT_THAT(all, Contains("np-local 128.0.0.0/1,tcp:30001"));
    EXPECT_THAT(all, Contains("D -d 198.51.100.1/32 -p tcp -m tcp --dport 80 -g " +
                              to_list(ListId::local)));
    EXPECT_THAT(all, Contains("C -d 198.51.100.1/32 -p tcp -m tcp --dport 80 -g " +
                              to_list(ListId::cluster)));
    EXPECT_THAT(all, Contains("M -p tcp -m tcp --dport 30001 -g " + to_list(ListId::local)));
    EXPECT_THAT(all, Contains("N -p tcp -m tcp --dport 30001 -g " + to_list(ListId::cluster)));
}

TEST(Compile, PolicyLocalWithoutLocalEndpointsDrops) {
    const auto all = words(compile(everything(true, 2, 0), {}).own);
    EXPECT_THAT(all, Contains("local 198.51.100.1,tcp:80"));
    EXPECT_THAT(all, Not(Contains(testing::StartsWith("D "))));
    EXPECT_THAT(all, Not(Contains(testing::StartsWith("M "))));
    EXPECT_THAT(all, Not(Contains(testing::StartsWith("SL "))));
}

TEST(Compile, AnEmptyServiceOwnsNoRule) {
    const auto fragment = compile(everything(true, 0, 0, OnEmpty::reject), {});
    EXPECT_EQ(rule_count(fragment), 0U);
    EXPECT_THAT(words(fragment.own),
                UnorderedElementsAre("vip 198.51.100.1,tcp:80", "np 0.0.0.0/1,tcp:30001",
                                     "np 128.0.0.0/1,tcp:30001"));
    EXPECT_THAT(words(fragment.shared), ElementsAre("cip 10.96.0.1"));
}

TEST(Compile, InternalPolicyLocal) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {});
    auto& port = plan.ports[0];
    port.frontends[0].inside = port.frontends[0].outside = {ListId::local, OnEmpty::drop};
    EXPECT_THAT(words(compile(plan, {}).own), ElementsAre("drop 10.96.0.1,tcp:80"));
    port.local = endpoints(1);
    EXPECT_THAT(words(compile(plan, {}).own),
                ElementsAre("C -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination "
                            "10.244.1.1:8080"));
    port.local.clear();
    port.frontends[0].inside.on_empty = port.frontends[0].outside.on_empty = OnEmpty::reject;
    EXPECT_THAT(words(compile(plan, {}).own), IsEmpty());
}

TEST(Compile, RangesAreNetworksTheKernelTakes) {
    auto plan = everything(false, 1, 0);
    plan.ports[0].frontends[1].check_ranges = true;
    plan.ports[0].source_ranges = {*Cidr::parse("203.0.113.0/29")};
    auto all = words(compile(plan, {}).own);
    EXPECT_THAT(all, Contains("ranged 198.51.100.1,tcp:80"));
    EXPECT_THAT(all, Contains("range 198.51.100.1,tcp:80,203.0.113.0/29"));
    plan.ports[0].source_ranges = {*Cidr::parse("0.0.0.0/0")};
    all = words(compile(plan, {}).own);
    EXPECT_THAT(all, Contains("range 198.51.100.1,tcp:80,0.0.0.0/1"));
    EXPECT_THAT(all, Contains("range 198.51.100.1,tcp:80,128.0.0.0/1"));
    plan.ports[0].source_ranges = {};
    all = words(compile(plan, {}).own);
    EXPECT_THAT(all, Contains("ranged 198.51.100.1,tcp:80"));
    EXPECT_THAT(all, Not(Contains(testing::StartsWith("range "))));
}

TEST(Compile, AffinityHasASetPerEndpointSharedByBothLists) {
    auto plan = everything(true, 2, 1);
    plan.ports[0].affinity_timeout = 10800;
    const auto fragment = compile(plan, {});
    const auto all = words(fragment.own);
    EXPECT_EQ(std::ranges::count(all, "set 10800"), 2);
    // Four rules per endpoint, for either list, and a line per frontend and tree.
    EXPECT_EQ(rule_count(fragment), 4U * 3U + 5U);
}

TEST(Compile, AffinityIsNeverInline) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, endpoints(1));
    plan.ports[0].affinity_timeout = 10;
    EXPECT_THAT(
        words(compile(plan, {}).own),
        Contains("C -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -g " + to_list(ListId::cluster)));
}

TEST(Compile, HairpinSetsHoldLocalEndpoints) {
    const auto plan = cluster_ip_plan("web", "10.96.0.1", 80, endpoints(2));
    const auto all = words(compile(plan, {.hairpin_sets = true, .without_ipv6 = false}).shared);
    EXPECT_THAT(all, Contains("hairpin 10.244.1.1,tcp:8080,10.244.1.1"));
    EXPECT_THAT(all, Not(Contains("hairpin 10.244.1.2,tcp:8080,10.244.1.2")));
}

TEST(Compile, LeavesOutWhatTheHostHasNot) {
    const auto plan = cluster_ip_plan("web", "fd00::1", 80, {endpoint("[fd01::1]:80")});
    EXPECT_FALSE(compile(plan, {}).own.empty());
    const auto fragment = compile(plan, {.hairpin_sets = false, .without_ipv6 = true});
    EXPECT_THAT(fragment.own, IsEmpty());
    EXPECT_THAT(fragment.shared, IsEmpty());
}

TEST(Compile, HalvesOfIpv6) {
    PortPlan port;
    port.family = Family::ipv6;
    port.frontends = {external(FrontendKind::node_port, ip("::"), 30001, false)};
    EXPECT_THAT(words(compile({{"default", "web"}, {port}, {}, {}}, {}).own),
                ElementsAre("np ::/1,tcp:30001", "np 8000::/1,tcp:30001"));
}

// The bound of the design: a Service with E endpoints has at most E + 2 rules.
TEST(Compile, AServiceWithNodePortHasAtMostTwoRulesMoreThanEndpoints) {
    for (const int count : {0, 1, 2, 3, 4, 5, 10, 100}) {
        auto plan = cluster_ip_plan("web", "10.96.0.1", 80, endpoints(count));
        EXPECT_LE(rule_count(compile(plan, {})), static_cast<std::size_t>(count) + 1);
        plan.ports[0].frontends.push_back(
            external(FrontendKind::node_port, ip("0.0.0.0"), 30001, false));
        EXPECT_LE(rule_count(compile(plan, {})), static_cast<std::size_t>(count) + 2);
    }
}

TEST(NodeMembers, AreWhatTheNodeSays) {
    const NodeFacts facts{{ip("192.0.2.1"), ip("fd00::9")},
                          {*Cidr::parse("10.96.0.0/16"), *Cidr::parse("::/0")},
                          CidrDetector{{*Cidr::parse("10.244.0.0/16")}},
                          false};
    EXPECT_THAT(words(node_members(facts, {})),
                UnorderedElementsAre("npip 192.0.2.1", "npip fd00::9", "cidr 10.96.0.0/16",
                                     "cidr ::/1", "cidr 8000::/1", "pods 10.244.0.0/16"));
    EXPECT_THAT(words(node_members(facts, {.hairpin_sets = false, .without_ipv6 = true})),
                UnorderedElementsAre("npip 192.0.2.1", "cidr 10.96.0.0/16", "pods 10.244.0.0/16"));
}

}  // namespace
}  // namespace sy::iptables
