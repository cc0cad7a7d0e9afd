// What goes wrong under the backend, and in which order things change.
#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>

#include "backends/iptables/text.h"
#include "tests/support/rule_walk.h"
#include "tests/unit/backends/iptables/backend/fixture.h"

namespace sy::iptables {
namespace {

using test::delta;
using test::endpoint;
using test::ip;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Reason = CommitError::Reason;

class IptablesTroubleTest : public IptablesBackendTest {
  protected:
    FakeHost::Rules& nat() { return host_.tables.at({Family::ipv4, Table::nat}); }

    /// Ends of a walk through the tree of addresses.
    std::set<std::string> reached(std::string_view address) const {
        const auto& chains = host_.tables.at({Family::ipv4, Table::nat}).chains;
        const auto rules = [&](const std::string& name) -> const std::vector<std::string>* {
            const auto found = chains.find(name);
            return found == chains.end() ? nullptr : &found->second;
        };
        return walk(rules, "SY-C", {ip(address), Protocol::tcp, Port{80}}).ends;
    }

    /// The backend ends where a fresh one would.
    void expect_as_fresh(const PlanDelta& all) {
        const auto lived = state();
        host_ = FakeHost{};
        restart();
        apply(all);
        EXPECT_EQ(lived, state());
    }
};

TEST_F(IptablesTroubleTest, OnePoisonousServiceAmongAThousand) {
    host_.poison = [](const Member& member) { return member_text(member) == "10.96.2.78"; };
    const auto report = apply(many(1000));
    EXPECT_FALSE(report.failure);
    ASSERT_THAT(report.quarantined, SizeIs(1));
    EXPECT_EQ(report.quarantined[0].service.name, "svc-577");
    EXPECT_EQ(report.quarantined[0].error.on, "Service default/svc-577");
    host_.poison = nullptr;
    EXPECT_THAT(apply(many(1000)).quarantined, IsEmpty());
    EXPECT_TRUE(has("sy4-cip", "10.96.2.78"));
    expect_as_fresh(many(1000));
}

TEST_F(IptablesTroubleTest, OneChainThatIsRefused) {
    apply(many(40));
    const auto guilty =
        list_chain_name(ListId::cluster, port_id({"default", "svc-7"}, "", Protocol::tcp));
    host_.poison_chain = [&](const Chain& chain) { return chain.name == guilty; };
    PlanDelta change;
    const std::vector five{kA, kB, kC, endpoint("10.244.9.1:1"), endpoint("10.244.9.2:1")};
    for (int i = 0; i < 20; ++i) {
        change.changed.push_back(std::make_shared<const ServicePlan>(numbered(i, five)));
    }
    const auto report = apply(change);
    EXPECT_FALSE(report.failure);
    ASSERT_THAT(report.quarantined, SizeIs(1));
    EXPECT_EQ(report.quarantined[0].service.name, "svc-7");
    // Its old state is served, its neighbours' new one.
    EXPECT_THAT(reached("10.96.0.8"), SizeIs(2));
    EXPECT_THAT(reached("10.96.0.9"), SizeIs(5));
    host_.poison_chain = nullptr;
    EXPECT_THAT(apply(change).quarantined, IsEmpty());
    EXPECT_THAT(reached("10.96.0.8"), SizeIs(5));
}

TEST_F(IptablesTroubleTest, AFullSetCostsWhoDoesNotFit) {
    apply(many(10));
    host_.poison = [](const Member& member) {
        return member.set.role == Role::vip;  // told as members that do not fit would be
    };
    const auto report = apply(delta({web(false), numbered(50, {kA})}));
    ASSERT_THAT(report.quarantined, SizeIs(1));
    EXPECT_EQ(report.quarantined[0].service.name, "web");
    EXPECT_TRUE(has("sy4-cip", "10.96.0.51"));
}

TEST_F(IptablesTroubleTest, ALockThatIsHeldIsAFailureWithAMessage) {
    apply(many(3));
    const auto before = state();
    host_.fail_restore =
        CommitError{Reason::locked, {"another program holds the lock", "x", 0}, {}};
    auto plan = web(true);
    plan.ports[0].frontends[0].address = ip("10.96.9.9");
    const auto report = apply(delta({numbered(1, {kA, kC}), plan}));
    ASSERT_TRUE(report.failure);
    EXPECT_THAT(report.failure->message(), HasSubstr("lock"));
    EXPECT_THAT(report.quarantined, IsEmpty());
    EXPECT_EQ(state().chains, before.chains);
    // The retry reads the kernel first: half of the step was done.
    EXPECT_FALSE(apply(delta({numbered(1, {kA, kC}), plan})).failure);
    expect_as_fresh(
        delta({numbered(0, {kA, kB}), numbered(1, {kA, kC}), numbered(2, {kA, kB}), plan}));
}

TEST_F(IptablesTroubleTest, ARefusalAsAWholeLeavesEverythingToTheRetry) {
    host_.fail_next = CommitError{Reason::other, {"commit", "", EPERM}, {}};
    EXPECT_TRUE(apply(many(10)).failure);
    EXPECT_THAT(host_.sets, IsEmpty());
    EXPECT_FALSE(apply(many(10)).failure);
    expect_as_fresh(many(10));
}

TEST_F(IptablesTroubleTest, DriftIsMendedAndTheChangeTriedAgain) {
    apply(many(10));
    host_.fail_next = CommitError{Reason::drift, {"commit", "", ENOENT}, {}};
    nat().chains.erase("SY-C");
    const auto report = apply(delta({numbered(3, {kC})}));
    EXPECT_FALSE(report.failure);
    EXPECT_THAT(reached("10.96.0.4"), testing::ElementsAre("10.244.2.22:8080"));
    EXPECT_THAT(reached("10.96.0.5"), SizeIs(2));
}

TEST_F(IptablesTroubleTest, AnAuditOfWhatIsRightWritesNothing) {
    apply(variety());
    host_.committed.clear();
    const auto report = backend_->audit().value();
    EXPECT_EQ(report.drifted, 0U);
    EXPECT_GT(report.found, 0U);
    EXPECT_FALSE(report.rebuilt);
    EXPECT_THAT(host_.committed, IsEmpty());
}

TEST_F(IptablesTroubleTest, AFlushedTableIsWrittenWhole) {
    apply(variety());
    const auto before = state();
    for (auto& [place, rules] : host_.tables) {
        rules = {};
    }
    const auto report = backend_->audit().value();
    EXPECT_TRUE(report.rebuilt);
    EXPECT_EQ(state(), before);
    // Sets as well.
    for (auto& [place, rules] : host_.tables) {
        rules = {};
    }
    host_.sets.clear();
    host_.members.clear();
    EXPECT_GT(backend_->audit().value().drifted, 0U);
    EXPECT_EQ(state(), before);
    EXPECT_EQ(host_.redundant, 0U);
}

TEST_F(IptablesTroubleTest, EveryDamageIsMended) {
    apply(variety());
    const auto before = state();
    const auto list = std::ranges::find_if(
        nat().chains, [](const auto& entry) { return is_list_chain(entry.first); });
    ASSERT_NE(list, nat().chains.end());
    const std::string list_name = list->first;
    const Member stranger{.set = {Family::ipv4, Role::cluster_ip, 0}, .ip = ip("1.2.3.4")};
    const std::vector<std::function<void()>> damages{
        [&] { nat().chains["SY-C"].clear(); },
        [&] { nat().chains["SY-SERVICES"].pop_back(); },
        [&] { std::ranges::reverse(nat().chains["SY-LOCAL"]); },
        [&] { nat().chains[list_name].pop_back(); },
        [&] { nat().chains["SY-S-stranger"] = {"-j ACCEPT"}; },
        [&] { nat().chains["SY-C-f-f-f"] = {}; },
        [&] { nat().chains["SY-WHATEVER"] = {}; },
        [&] { nat().built_in["PREROUTING"].clear(); },
        [&] { nat().built_in["PREROUTING"].insert(nat().built_in["PREROUTING"].begin(), "-j X"); },
        [&] { nat().built_in["PREROUTING"].emplace_back("-j SY-SERVICES"); },
        [&] { nat().built_in["OUTPUT"].emplace_back("-p tcp -j SY-SERVICES"); },
        [&] { host_.members.erase(host_.members.begin()); },
        [&] { host_.members.insert(stranger); },
        [&] {
            const SetDef def{{Family::ipv4, Role::affinity, 1}, 10};
            host_.sets[def.set] = def;
        },
    };
    for (std::size_t i = 0; i < damages.size(); ++i) {
        damages[i]();
        EXPECT_GT(backend_->audit().value().drifted, 0U) << "damage " << i;
        std::erase(nat().built_in["PREROUTING"], "-j X");
        EXPECT_EQ(state(), before) << "damage " << i;
    }
}

TEST_F(IptablesTroubleTest, DamageWhileNobodyWatchedIsMendedByTheFirstPass) {
    apply(variety());
    const auto before = state();
    nat().chains["SY-C"].clear();
    nat().chains["SY-SERVICES"].pop_back();
    nat().built_in["OUTPUT"].clear();
    host_.members.erase(host_.members.begin());
    restart();
    apply(variety());
    EXPECT_EQ(state(), before);
}

TEST_F(IptablesTroubleTest, AForeignRuleIsNeverTouched) {
    nat().built_in["PREROUTING"] = {"-j KUBE-HOSTPORTS", "-j DOCKER"};
    apply(variety());
    EXPECT_THAT(nat().built_in["PREROUTING"],
                testing::ElementsAre("-j SY-SERVICES", "-j KUBE-HOSTPORTS", "-j DOCKER"));
    ASSERT_TRUE(backend_->teardown());
    EXPECT_THAT(nat().built_in["PREROUTING"],
                testing::ElementsAre("-j KUBE-HOSTPORTS", "-j DOCKER"));
}

// A frontend is present only while it can be told where it leads.
TEST_F(IptablesTroubleTest, PresenceComesLastAndGoesFirst) {
    apply(many(5));
    const auto sane = [&] {
        if (has("sy4-vip", "198.51.100.1,tcp:80")) {
            EXPECT_TRUE(has("sy4-local", "198.51.100.1,tcp:80"));
            EXPECT_TRUE(has("sy4-ranged", "198.51.100.1,tcp:80"));
            EXPECT_THAT(reached("198.51.100.1"), SizeIs(2));
        }
        if (has("sy4-np", "0.0.0.0/1,tcp:30001")) {
            EXPECT_TRUE(has("sy4-np-local", "0.0.0.0/1,tcp:30001"));
        }
        if (has("sy4-ranged", "198.51.100.1,tcp:80")) {
            EXPECT_TRUE(has("sy4-range", "198.51.100.1,tcp:80,203.0.113.0/29"));
        }
    };
    host_.after_step = sane;
    auto plan = web(true);
    plan.ports[0].frontends[0].address = ip("10.96.9.9");
    apply(delta({plan}));
    EXPECT_TRUE(has("sy4-vip", "198.51.100.1,tcp:80"));
    apply(delta({}, {plan.name}));
    EXPECT_FALSE(has("sy4-vip", "198.51.100.1,tcp:80"));
}

// While endpoints change, a frontend leads to old ones or to new ones.
TEST_F(IptablesTroubleTest, AChangeOfEndpointsIsNeverWithoutAWay) {
    apply(many(60));
    std::size_t steps = 0;
    host_.after_step = [&] {
        ++steps;
        for (int i = 0; i < 60; ++i) {
            EXPECT_FALSE(reached("10.96.0." + std::to_string(i + 1)).empty()) << i;
        }
    };
    apply(delta({numbered(3, {kC})}));
    apply(delta({numbered(3, {kA, kB, kC, endpoint("10.244.9.1:1"), endpoint("10.244.9.2:1")})}));
    apply(delta({sticky(4), numbered(3, {kA})}));
    // Leaves split and merge.
    PlanDelta more;
    for (int i = 60; i < 200; ++i) {
        more.changed.push_back(std::make_shared<const ServicePlan>(numbered(i, {kA, kB})));
    }
    apply(more);
    PlanDelta less;
    for (int i = 60; i < 200; ++i) {
        less.removed.push_back({"default", "svc-" + std::to_string(i)});
    }
    apply(less);
    EXPECT_GT(steps, 0U);
}

TEST_F(IptablesTroubleTest, RangesGrowBeforeTheyShrink) {
    auto plan = web(true);
    apply(delta({plan}));
    host_.committed.clear();
    host_.after_step = [&] {
        EXPECT_TRUE(std::ranges::any_of(
            host_.members, [](const Member& member) { return member.set.role == Role::range; }));
    };
    plan.ports[0].source_ranges = {*Cidr::parse("192.0.2.0/24")};
    apply(delta({plan}));
    ASSERT_THAT(host_.committed, SizeIs(1));
    EXPECT_THAT(host_.committed[0].restores, IsEmpty());
}

// Removed chains and destroyed sets are refused while anything leads to them: the fake checks it.
TEST_F(IptablesTroubleTest, WhatIsAskedGoesAfterWhoAsks) {
    auto plan = sticky(1);
    plan.ports[0].cluster = {kA, kB, kC};
    apply(delta({plan}));
    plan.ports[0].cluster = {kB};
    EXPECT_THAT(apply(delta({plan})).quarantined, IsEmpty());
    EXPECT_EQ(std::ranges::count_if(
                  host_.sets, [](const auto& entry) { return entry.first.role == Role::affinity; }),
              1);
    EXPECT_THAT(apply(delta({}, {plan.name})).quarantined, IsEmpty());
    EXPECT_FALSE(std::ranges::any_of(
        host_.sets, [](const auto& entry) { return entry.first.role == Role::affinity; }));
}

}  // namespace
}  // namespace sy::iptables
