#include "model/claims.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "build.h"

namespace sy {
namespace {

using namespace test;

constexpr auto kVip = FrontendKind::load_balancer_ip;
constexpr auto kExternal = FrontendKind::external_ip;

class Contest : public ::testing::Test {
  protected:
    const ServiceName a{"default", "a"};
    const ServiceName b{"default", "b"};
    const ServiceName c{"default", "c"};
    const FrontendKey key{ip("192.0.2.1"), Protocol::tcp, Port(80)};

    /// Both return the others whose plan may have changed.
    std::vector<Claims::Owner> claim(const ServiceName& who, FrontendKind kind) {
        return replace(who, {{key, kind}});
    }
    std::vector<Claims::Owner> give_up(const ServiceName& who) { return replace(who, {}); }
    bool holds(const ServiceName& who) { return claims.rival(key, &who) == nullptr; }

    Claims claims;
    Handovers handovers;

  private:
    std::vector<Claims::Owner> replace(const ServiceName& who, std::vector<Claim> after) {
        auto affected = claims.replace(&who, now_[&who], after, handovers);
        now_[&who] = std::move(after);
        return affected;
    }
    std::map<const ServiceName*, std::vector<Claim>> now_;
};

using Owners = std::vector<Claims::Owner>;

TEST_F(Contest, UncontestedIsHeld) {
    EXPECT_TRUE(claim(a, kVip).empty());
    EXPECT_TRUE(handovers.empty());
    EXPECT_TRUE(holds(a));
}

TEST_F(Contest, SmallerNameWinsWhoeverCameFirst) {
    claim(b, kVip);
    EXPECT_EQ(claim(a, kVip), Owners{&b});
    EXPECT_EQ(handovers.extract_partners(&a), Owners{&b});
    EXPECT_TRUE(holds(a));
    EXPECT_EQ(claims.rival(key, &b), &a);
    EXPECT_TRUE(claim(c, kVip).empty());
    EXPECT_EQ(claims.rival(key, &c), &a);
}

TEST_F(Contest, BetterKindWinsOverName) {
    claim(a, kExternal);
    EXPECT_EQ(claim(b, kVip), Owners{&a});
    EXPECT_EQ(claim(c, FrontendKind::cluster_ip).size(), 2U);
    EXPECT_EQ(claims.rival(key, &a), &c);
    EXPECT_EQ(claims.rival(key, &b), &c);
}

TEST_F(Contest, HeirIsToldAndTheOthersLearnItsName) {
    claim(a, kVip);
    claim(b, kVip);
    claim(c, kVip);
    EXPECT_EQ(give_up(a), (Owners{&b, &c}));
    EXPECT_EQ(handovers.extract_partners(&a), Owners{&b});
    EXPECT_TRUE(holds(b));
    EXPECT_EQ(claims.rival(key, &c), &b);
}

TEST_F(Contest, WaitingOnesLeaveWithoutNotice) {
    claim(a, kVip);
    claim(b, kVip);
    EXPECT_TRUE(give_up(b).empty());
    EXPECT_TRUE(handovers.empty());
    give_up(a);
    EXPECT_TRUE(claims.empty());
}

TEST_F(Contest, ChangeOfKindMayLoseTheFrontend) {
    claim(a, kVip);
    claim(b, kVip);
    EXPECT_EQ(claim(a, kExternal), Owners{&b});
    EXPECT_EQ(claims.rival(key, &a), &b);
    claim(a, kVip);
    EXPECT_EQ(claims.rival(key, &b), &a);
    give_up(b);
    EXPECT_TRUE(holds(a));
}

TEST_F(Contest, WhoTakesWhatWasJustGivenUpIsAPartner) {
    claim(b, kVip);
    give_up(b);
    claim(c, kVip);
    EXPECT_EQ(handovers.extract_partners(&c), Owners{&b});
    EXPECT_EQ(handovers.extract_partners(&b), Owners{&c});
    EXPECT_TRUE(handovers.empty());
}

TEST(ClaimsOf, EveryFrontendOnceAsItsBestKind) {
    auto s = dual("web", "10.96.0.1", "fd00:96::1");
    s.external_ips = ips({"10.96.0.1", "198.51.100.7"});
    s.ports = {{"a", Protocol::tcp, Port(80), Port(30080)}, {"b", Protocol::tcp, Port(80), {}}};
    const std::vector<Claim> expected{
        {{ip("0.0.0.0"), Protocol::tcp, Port(30080)}, FrontendKind::node_port},
        {{ip("10.96.0.1"), Protocol::tcp, Port(80)}, FrontendKind::cluster_ip},
        {{ip("198.51.100.7"), Protocol::tcp, Port(80)}, FrontendKind::external_ip},
        {{ip("::"), Protocol::tcp, Port(30080)}, FrontendKind::node_port},
        {{ip("fd00:96::1"), Protocol::tcp, Port(80)}, FrontendKind::cluster_ip},
    };
    EXPECT_EQ(claims_of(s), expected);
    s.headless = true;
    EXPECT_TRUE(claims_of(s).empty());
}

class Settle : public ::testing::Test {
  protected:
    /// Registers `s` and returns its plan after settling.
    ServicePlan settled(const Service& s) {
        auto plan = names.plan(
            s, {slice(s.name.name, "s", {names.local("10.0.0.1"), names.endpoint("10.0.0.2")})});
        settle(plan, claims, owner(s));
        return plan;
    }
    void enter(const Service& s) {
        Handovers ignored;
        claims.replace(owner(s), {}, claims_of(s), ignored);
    }
    Claims::Owner owner(const Service& s) { return &names_.try_emplace(s.name, 0).first->first; }

    Names names;
    Claims claims;

  private:
    std::map<ServiceName, int> names_;
};

TEST_F(Settle, LoserKeepsTheRestAndRecordsTheHolder) {
    auto a = service("a", "10.96.0.1");
    auto b = service("b", "10.96.0.2");
    a.external_ips = b.external_ips = ips({"198.51.100.7"});
    enter(a);
    enter(b);
    EXPECT_TRUE(settled(a).lost.empty());
    const auto plan = settled(b);
    ASSERT_EQ(plan.ports.size(), 1U);
    EXPECT_EQ(plan.ports[0].frontends.size(), 1U);
    EXPECT_EQ(plan.lost,
              (std::vector{LostFrontend{Family::ipv4, Protocol::tcp, FrontendKind::external_ip,
                                        ip("198.51.100.7"), Port(80), a.name}}));
}

TEST_F(Settle, PortThatLostEverythingHasNoPlan) {
    auto a = service("a", "10.96.0.1");
    auto b = service("b", "10.96.0.1");
    enter(a);
    enter(b);
    const auto plan = settled(b);
    EXPECT_TRUE(plan.ports.empty());
    EXPECT_EQ(plan.lost.size(), 1U);
}

TEST_F(Settle, ListsOfLostFrontendsGoToo) {
    auto a = service("a", "10.96.0.1");
    auto b = service("b", "10.96.0.2");
    b.type = ServiceType::load_balancer;
    b.external_policy = TrafficPolicy::local;
    a.load_balancer_ips = b.load_balancer_ips = ips({"192.0.2.1"});
    b.source_ranges_set = true;
    b.source_ranges = nets({"10.0.0.0/8"});
    enter(b);
    EXPECT_FALSE(settled(b).ports[0].local.empty());
    EXPECT_FALSE(settled(b).ports[0].source_ranges.empty());
    enter(a);
    EXPECT_TRUE(settled(b).ports[0].local.empty());
    EXPECT_TRUE(settled(b).ports[0].source_ranges.empty());
    EXPECT_EQ(settled(b).ports[0].cluster.size(), 2U);
}

TEST_F(Settle, OfTwoPortsOfOneServiceTheSmallerNameWins) {
    auto s = service("web", "10.96.0.1");
    s.ports = {{"y", Protocol::tcp, Port(80), Port(30080)},
               {"x", Protocol::tcp, Port(80), Port(30081)}};
    enter(s);
    const auto plan = settled(s);
    ASSERT_EQ(plan.ports.size(), 2U);
    EXPECT_EQ(plan.ports[0].name, "x");
    EXPECT_EQ(plan.ports[0].frontends.size(), 2U);
    EXPECT_EQ(plan.ports[1].frontends.size(), 1U);
    EXPECT_EQ(plan.ports[1].frontends[0].kind, FrontendKind::node_port);
    ASSERT_EQ(plan.lost.size(), 1U);
    EXPECT_EQ(plan.lost[0].holder, s.name);
}

TEST_F(Settle, NodePortsContestOnlyNodePorts) {
    auto a = service("a", "10.96.0.1");
    a.ports[0].port = Port(30080);
    auto b = service("b", "10.96.0.2");
    b.ports[0].node_port = Port(30080);
    auto udp = service("c", "10.96.0.3");
    udp.ports[0].protocol = Protocol::udp;
    udp.ports[0].node_port = Port(30080);
    for (const auto& s : {a, b, udp}) {
        enter(s);
    }
    for (const auto& s : {a, b, udp}) {
        EXPECT_TRUE(settled(s).lost.empty());
    }
    auto rival = service("aa", "10.96.0.4");
    rival.ports[0].node_port = Port(30080);
    enter(rival);
    EXPECT_EQ(settled(b).lost.size(), 1U);
    EXPECT_TRUE(settled(udp).lost.empty());
}

}  // namespace
}  // namespace sy
