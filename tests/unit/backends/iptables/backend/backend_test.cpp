#include "backends/iptables/backend/backend.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>

#include "tests/unit/backends/iptables/backend/fixture.h"

namespace sy::iptables {
namespace {

using test::cluster_ip_plan;
using test::delta;
using test::endpoint;
using test::ip;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(IptablesBackendTest, AColdStartIsOneTransaction) {
    const auto report = apply(delta({numbered(1, {kA, kB})}));
    EXPECT_FALSE(report.failure);
    EXPECT_EQ(report.transactions, 1U);
    ASSERT_THAT(host_.committed, SizeIs(1));
    EXPECT_TRUE(has("sy4-npip", "192.168.50.1"));
    EXPECT_TRUE(has("sy4-pods", "10.244.0.0/16"));
    EXPECT_TRUE(has("sy4-cip", "10.96.0.2"));
    EXPECT_TRUE(host_.localhost_routing);
    EXPECT_THAT(host_.tables.at({Family::ipv4, Table::nat}).built_in.at("PREROUTING"),
                ElementsAre("-j SY-SERVICES"));
    EXPECT_THAT(host_.tables.at({Family::ipv6, Table::filter}).built_in.at("FORWARD"),
                ElementsAre("-j SY-FORWARD"));
}

TEST_F(IptablesBackendTest, NoChangeWritesNothing) {
    apply(delta({numbered(1, {kA, kB})}));
    const auto report = apply(delta({numbered(1, {kA, kB})}));
    EXPECT_EQ(report.transactions, 0U);
    EXPECT_THAT(host_.committed, SizeIs(1));
    EXPECT_EQ(host_.redundant, 0U);
}

TEST_F(IptablesBackendTest, ARestartWritesNothing) {
    apply(variety());
    const auto before = state();
    restart();
    EXPECT_GT(adopted_.found, 0U);
    const auto report = apply(variety());
    EXPECT_EQ(report.writes, 0U);
    EXPECT_THAT(host_.committed, IsEmpty());
    EXPECT_EQ(state(), before);
}

TEST_F(IptablesBackendTest, ARestartInPiecesWritesNothing) {
    const auto all = variety();
    apply(all);
    restart();
    for (const auto& plan : all.changed) {
        PlanDelta one;
        one.changed = {plan};
        EXPECT_EQ(apply(one, false).writes, 0U) << plan->name.to_string();
    }
    EXPECT_EQ(apply({}).writes, 0U);
}

TEST_F(IptablesBackendTest, ARestartRemovesWhatIsGoneOnlyAfterTheWholePass) {
    apply(delta({numbered(1, {kA})}));
    const auto one = state();
    apply(delta({numbered(2, {kB}), sticky(3)}));
    const auto full = state();
    restart();
    apply(delta({numbered(1, {kA})}), false);
    EXPECT_EQ(state(), full);
    apply({});
    EXPECT_EQ(state(), one);
    EXPECT_EQ(host_.redundant, 0U);
}

TEST_F(IptablesBackendTest, AServiceThatChangedMeanwhileIsMendedWhenItIsToldAgain) {
    auto plan = web(true);
    plan.ports[0].affinity_timeout = 100;
    apply(delta({plan, numbered(2, {kB})}));
    restart();
    apply(delta({web(false)}), false);
    EXPECT_FALSE(has("sy4-local", "198.51.100.1,tcp:80"));
    EXPECT_FALSE(has("sy4-ranged", "198.51.100.1,tcp:80"));
    EXPECT_THAT(host_.rules(Family::ipv4, Table::nat, "SY-D"), IsEmpty());
    apply(delta({numbered(2, {kB})}));
    const auto adopted = state();
    host_ = {};
    restart();
    apply(delta({web(false), numbered(2, {kB})}));
    EXPECT_EQ(adopted, state());
}

TEST_F(IptablesBackendTest, EverythingDeletedLeavesOnlyTheConstantPart) {
    apply({});
    const auto empty = state();
    apply(variety());
    PlanDelta gone;
    for (const auto& plan : variety().changed) {
        gone.removed.push_back(plan->name);
    }
    apply(gone);
    EXPECT_EQ(state(), empty);
    EXPECT_EQ(host_.redundant, 0U);
}

TEST_F(IptablesBackendTest, AnyHistoryEndsWhereAFreshStartDoes) {
    std::mt19937 random(7);
    std::map<ServiceName, ServicePlan> now;
    for (int step = 0; step < 150; ++step) {
        PlanDelta change;
        for (unsigned i = 0; i < 1 + random() % 12; ++i) {
            const int number = static_cast<int>(random() % 120);
            if (random() % 3 == 0) {
                const ServiceName name{"default", "svc-" + std::to_string(number)};
                change.removed.push_back(name);
                now.erase(name);
                std::erase_if(change.changed, [&](const auto& plan) { return plan->name == name; });
            } else {
                auto plan = random_plan(number, random);
                std::erase(change.removed, plan.name);
                std::erase_if(change.changed,
                              [&](const auto& other) { return other->name == plan.name; });
                change.changed.push_back(std::make_shared<const ServicePlan>(plan));
                now[plan.name] = std::move(plan);
            }
        }
        const auto report = apply(change);
        ASSERT_FALSE(report.failure) << report.failure->message();
        ASSERT_THAT(report.quarantined, IsEmpty());
        if (step % 30 == 29) {
            restart();
            PlanDelta all;
            for (const auto& [name, plan] : now) {
                all.changed.push_back(std::make_shared<const ServicePlan>(plan));
            }
            EXPECT_EQ(apply(all).writes, 0U);
        }
    }
    EXPECT_EQ(host_.redundant, 0U);
    const auto lived = state();
    host_ = {};
    restart();
    PlanDelta all;
    for (const auto& [name, plan] : now) {
        all.changed.push_back(std::make_shared<const ServicePlan>(plan));
    }
    apply(all);
    EXPECT_EQ(lived, state());
}

TEST_F(IptablesBackendTest, ALargeClusterKeepsToTheBound) {
    apply(many(2000));
    // Two endpoints each.
    EXPECT_LE(host_.nat_rules(Family::ipv4), 2000U * 4);
    EXPECT_GE(host_.nat_rules(Family::ipv4), 2000U * 2);
}

TEST_F(IptablesBackendTest, AChangedEndpointRewritesOneChain) {
    apply(many(2000));
    host_.committed.clear();
    const auto report = apply(delta({numbered(7, {kA, kC})}));
    EXPECT_EQ(report.transactions, 1U);
    ASSERT_THAT(host_.committed, SizeIs(1));
    ASSERT_THAT(host_.committed[0].restores, SizeIs(1));
    EXPECT_THAT(host_.committed[0].restores[0].write, SizeIs(1));
    EXPECT_THAT(host_.committed[0].restores[0].hook, IsEmpty());
}

TEST_F(IptablesBackendTest, FactsAreMembersOnly) {
    apply(delta({numbered(1, {kA})}));
    host_.committed.clear();
    facts_.nodeport_addresses = {ip("192.168.50.2")};
    facts_.service_cidrs = {*Cidr::parse("10.97.0.0/16")};
    facts_.detector = CidrDetector{{*Cidr::parse("10.245.0.0/16")}};
    apply({});
    ASSERT_THAT(host_.committed, SizeIs(1));
    EXPECT_THAT(host_.committed[0].restores, IsEmpty());
    EXPECT_TRUE(has("sy4-npip", "192.168.50.2"));
    EXPECT_FALSE(has("sy4-npip", "192.168.50.1"));
    EXPECT_TRUE(has("sy4-cidr", "10.97.0.0/16"));
    EXPECT_TRUE(has("sy4-pods", "10.245.0.0/16"));
}

TEST_F(IptablesBackendTest, AnotherDetectorRewritesOnlyWhatAsksIt) {
    apply(delta({numbered(1, {kA})}));
    host_.committed.clear();
    facts_.detector = InterfaceDetector{"cali", true};
    apply({});
    ASSERT_THAT(host_.committed, SizeIs(1));
    for (const auto& restore : host_.committed[0].restores) {
        EXPECT_EQ(restore.table, Table::nat);
        EXPECT_LE(restore.write.size(), 3U);
        EXPECT_THAT(restore.hook, IsEmpty());
    }
    EXPECT_THAT(host_.rules(Family::ipv4, Table::nat, "SY-LOCAL"), Contains("-i cali+ -g SY-C"));
    facts_.detector = InterfaceDetector{"not one", true};
    EXPECT_TRUE(apply({}).failure);
}

TEST_F(IptablesBackendTest, AFrontendThatChangesHandsStays) {
    apply(delta({numbered(1, {kA})}));
    host_.committed.clear();
    auto heir = numbered(1, {kB});
    heir.name.name = "heir";
    const auto report = apply(delta({heir}, {{"default", "svc-1"}}));
    EXPECT_THAT(report.quarantined, IsEmpty());
    EXPECT_EQ(host_.redundant, 0U);
    for (const auto* ops : {&host_.committed[0].before, &host_.committed[0].after}) {
        for (const auto& op : *ops) {
            EXPECT_EQ(std::get<MemberOp>(op).member.set.role, Role::endpoint);
        }
    }
}

TEST_F(IptablesBackendTest, AnAffinityTimeoutThatChangesMakesNewSets) {
    auto plan = sticky(1);
    apply(delta({plan}));
    const auto before = host_.sets;
    plan.ports[0].affinity_timeout = 20;
    EXPECT_THAT(apply(delta({plan})).quarantined, IsEmpty());
    EXPECT_EQ(host_.sets.size(), before.size());
    EXPECT_NE(host_.sets, before);
}

TEST_F(IptablesBackendTest, WithoutIpv6OnlyIpv4IsWritten) {
    host_.features.ipv6 = false;
    restart();
    apply(variety());
    EXPECT_FALSE(host_.tables.contains({Family::ipv6, Table::nat}) &&
                 !host_.tables.at({Family::ipv6, Table::nat}).chains.empty());
    for (const auto& [ref, def] : host_.sets) {
        EXPECT_EQ(ref.family, Family::ipv4);
    }
}

TEST_F(IptablesBackendTest, HairpinWithoutTheMatchIsASet) {
    host_.features.xt_bpf = false;
    restart();
    apply(delta({numbered(1, {kA, kB})}));
    EXPECT_TRUE(has("sy4-hairpin", "10.244.1.11,tcp:8080,10.244.1.11"));
    // With another kernel the set goes.
    host_.features.xt_bpf = true;
    restart();
    apply(delta({numbered(1, {kA, kB})}));
    EXPECT_FALSE(host_.sets.contains({Family::ipv4, Role::hairpin, 0}));
    EXPECT_EQ(host_.redundant, 0U);
}

TEST_F(IptablesBackendTest, WithoutLocalhostRoutingAllElseWorks) {
    host_.localhost_routing_fails = true;
    const auto report = apply(delta({numbered(1, {kA})}));
    EXPECT_FALSE(report.failure);
    EXPECT_THAT(log_.text, HasSubstr("127.0.0.1"));
    EXPECT_THAT(host_.rules(Family::ipv4, Table::nat, "SY-SERVICES"),
                Not(Contains(HasSubstr("127.0.0.0"))));
    EXPECT_FALSE(host_.tables.at({Family::ipv4, Table::filter}).chains.contains("SY-GUARD"));
}

TEST_F(IptablesBackendTest, LocalhostNodePortsCanBeTurnedOffWithTheNextStart) {
    apply(delta({numbered(1, {kA})}));
    settings_.localhost_nodeports = false;
    host_.localhost_routing = false;
    restart();
    apply(delta({numbered(1, {kA})}));
    EXPECT_FALSE(host_.localhost_routing);
    EXPECT_FALSE(host_.tables.at({Family::ipv4, Table::filter}).chains.contains("SY-GUARD"));
    EXPECT_THAT(host_.tables.at({Family::ipv4, Table::filter}).built_in.at("INPUT"), SizeIs(1));
}

TEST_F(IptablesBackendTest, TeardownRemovesAllAndTheNextApplyWritesAll) {
    apply(variety());
    ASSERT_TRUE(backend_->teardown());
    EXPECT_THAT(host_.sets, IsEmpty());
    restart();
    EXPECT_FALSE(apply(variety()).failure);
}

TEST_F(IptablesBackendTest, TellsUdpFrontendsOfServicesThatAreGone) {
    auto udp = web(false);
    udp.ports[0].protocol = Protocol::udp;
    apply(delta({udp, numbered(2, {kA})}));
    restart();
    EXPECT_THAT(backend_->orphaned_udp_frontends(), IsEmpty());
    apply(delta({numbered(2, {kA})}));
    EXPECT_THAT(backend_->orphaned_udp_frontends(),
                testing::UnorderedElementsAre(EndpointAddr{ip("10.96.0.1"), Port{80}},
                                              EndpointAddr{ip("198.51.100.1"), Port{80}},
                                              EndpointAddr{ip("192.168.50.1"), Port{30001}}));
    restart();
    apply(delta({numbered(2, {kA})}));
    EXPECT_THAT(backend_->orphaned_udp_frontends(), IsEmpty());
}

TEST_F(IptablesBackendTest, FillCountsMembers) {
    EXPECT_THAT(backend_->fill(), IsEmpty());
    apply(many(10));
    const auto fill = backend_->fill();
    EXPECT_THAT(fill, Contains(testing::AllOf(testing::Field(&MapFill::map, "cip"),
                                              testing::Field(&MapFill::family, Family::ipv4),
                                              testing::Field(&MapFill::elements, 10U))));
    restart();
    EXPECT_EQ(backend_->fill(), fill);
}

TEST_F(IptablesBackendTest, RenderIsWhatIsWritten) {
    apply(variety());
    const auto text = render(variety(), facts_, {});
    for (const auto& [place, rules] : host_.tables) {
        for (const auto& [name, chain] : rules.chains) {
            EXPECT_THAT(text, HasSubstr(":" + name + " - [0:0]\n"));
            for (const auto& rule : chain) {
                EXPECT_THAT(text, HasSubstr("-A " + name + " " + rule + "\n"));
            }
        }
    }
    for (const auto& member : host_.members) {
        EXPECT_THAT(text, HasSubstr("add " + set_name(member.set) + " " + member_text(member)));
    }
}

TEST_F(IptablesBackendTest, RenderTakesTheSettings) {
    IptablesSettings settings;
    settings.masquerade_bit = 5;
    const auto text = render(variety(), facts_, settings);
    EXPECT_THAT(text, HasSubstr("0x20/0x20"));
    EXPECT_THAT(render(variety(), facts_, {}), Not(HasSubstr("0x20/0x20")));
}

TEST_F(IptablesBackendTest, NamesCannotInject) {
    auto plan = numbered(1, {kA, kB, kC});
    plan.name = {"x\n-A INPUT -j ACCEPT", "$(reboot) \"'`"};
    plan.ports[0].name = "; rm -rf / #\n*filter";
    plan.ports[0].affinity_timeout = 5;
    apply(delta({plan}));
    for (const auto& [place, rules] : host_.tables) {
        for (const auto& [name, chain] : rules.chains) {
            EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.SYERVICSLUTNAM"
                                             "OPDQGFWRXH"),
                      std::string::npos)
                << name;
            for (const auto& rule : chain) {
                EXPECT_EQ(rule.find_first_of("\n`$;#'"), std::string::npos) << rule;
            }
        }
    }
}

}  // namespace
}  // namespace sy::iptables
