#include "backends/ebpf/backend/backend.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "tests/unit/backends/ebpf/backend/fixture.h"

namespace sy::ebpf {
namespace {

using test::cluster_ip_plan;
using test::delta;
using test::endpoint;
using test::external;
using test::ip;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const PlannedEndpoint kA = endpoint("10.244.1.11:8080", true);
const PlannedEndpoint kB = endpoint("10.244.2.21:8080");
const PlannedEndpoint kC = endpoint("10.244.2.22:8080");
const PlannedEndpoint kD = endpoint("10.244.2.23:8080");
const ServiceName kWeb{"default", "web"};
constexpr auto kVip = "10.96.0.1:80";

ServicePlan web(std::vector<PlannedEndpoint> endpoints) {
    return cluster_ip_plan("web", "10.96.0.1", 80, std::move(endpoints));
}

ServicePlan other(std::vector<PlannedEndpoint> endpoints) {
    return cluster_ip_plan("other", "10.96.0.2", 80, std::move(endpoints));
}

PlanDelta many(int count) {
    PlanDelta result;
    for (int i = 0; i < count; ++i) {
        result.changed.push_back(std::make_shared<const ServicePlan>(cluster_ip_plan(
            "svc-" + std::to_string(i),
            "10.97." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1), 80,
            {endpoint("10.244." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) +
                      ":80"),
             kB})));
    }
    result.known_services = static_cast<std::size_t>(count);
    return result;
}

TEST_F(EbpfBackendTest, AttachesWhenTheFirstPassIsComplete) {
    must_apply(delta({web({kA})}), false);
    EXPECT_FALSE(bpf_.active);
    must_apply(delta({other({kB})}));
    EXPECT_EQ(bpf_.calls.activate, 1);
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address));
    EXPECT_THAT(reached("10.96.0.2:80"), ElementsAre(kB.address));
}

TEST_F(EbpfBackendTest, AnEndpointSwapIsNothingButStores) {
    must_apply(delta({web({kA, kB})}));
    const auto before = bpf_.calls;
    const auto report = must_apply(delta({web({kA, kC})}));
    EXPECT_EQ(bpf_.calls, before);
    EXPECT_EQ(report.writes, 2U);  // the endpoint, the slot
    EXPECT_EQ(report.transactions, 0U);
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address, kC.address));
}

TEST_F(EbpfBackendTest, NoChangeWritesNothing) {
    must_apply(delta({web({kA, kB})}));
    const auto before = bpf_.calls;
    EXPECT_EQ(must_apply(delta({web({kA, kB})})).writes, 0U);
    EXPECT_EQ(bpf_.calls, before);
}

TEST_F(EbpfBackendTest, ThePacketPathComesFirst) {
    must_apply(delta({web({kA})}));
    bool still_there = false;
    packets_.on_apply = [&] { still_there = !reached(kVip).empty(); };
    PlanDelta gone;
    gone.removed = {kWeb};
    must_apply(gone);
    EXPECT_TRUE(still_there);
    EXPECT_EQ(outcome(kVip), Answer::Kind::miss);
}

TEST_F(EbpfBackendTest, WhatThePacketPathRefusesIsNotTouched) {
    must_apply(delta({web({kA})}));
    packets_.poison = {kWeb};
    const auto report = apply(delta({web({kB}), other({kC})}));
    EXPECT_THAT(report.quarantined, SizeIs(1));
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address));
    EXPECT_THAT(reached("10.96.0.2:80"), ElementsAre(kC.address));
    PlanDelta gone;
    gone.removed = {kWeb};
    apply(gone);
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address));
}

TEST_F(EbpfBackendTest, AFailureOfThePacketPathChangesNothing) {
    must_apply(delta({web({kA})}));
    packets_.fail_next = Error{"no memory", {}, ENOMEM};
    EXPECT_TRUE(apply(delta({web({kB})})).failure);
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address));
}

TEST_F(EbpfBackendTest, AFrontendChangesItsOwnerInPlace) {
    must_apply(delta({web({kA}), other({kB})}));
    bool always_there = true;
    bpf_.on_change = [&] { always_there &= !reached(kVip).empty(); };
    auto heir = other({kB});
    heir.ports[0].frontends.push_back(web({}).ports[0].frontends[0]);
    auto plans = delta({heir});
    plans.removed = {kWeb};
    must_apply(plans);
    EXPECT_TRUE(always_there);
    EXPECT_THAT(reached(kVip), ElementsAre(kB.address));
}

TEST_F(EbpfBackendTest, AFrontendOfSomebodyElseIsNotErased) {
    must_apply(delta({web({kA})}));
    auto heir = other({kB});
    heir.ports[0].frontends.push_back(web({}).ports[0].frontends[0]);
    must_apply(delta({heir}));  // although web still has it
    PlanDelta gone;
    gone.removed = {kWeb};
    must_apply(gone);
    EXPECT_THAT(reached(kVip), ElementsAre(kB.address));
}

TEST_F(EbpfBackendTest, FactsBecomeSettings) {
    auto plan = web({kA, kB});
    plan.ports[0].frontends.push_back(
        external(FrontendKind::node_port, ip("0.0.0.0"), 30080, true));
    must_apply(delta({plan}));
    EXPECT_THAT(reached("192.168.50.1:30080"), SizeIs(2));
    EXPECT_THAT(reached("127.0.0.1:30080"), SizeIs(2));
    EXPECT_THAT(reached("127.0.0.1:30080", false), IsEmpty());
    EXPECT_THAT(reached("192.168.50.1:30080", false), SizeIs(2));
    EXPECT_EQ(outcome("192.168.50.2:30080"), Answer::Kind::miss);

    facts_.detector = NoDetector{};
    facts_.nodeport_addresses = {ip("192.168.50.2")};
    EXPECT_EQ(must_apply({}).writes, 3U);  // the flags, an address comes, another goes
    EXPECT_THAT(reached("192.168.50.2:30080"), SizeIs(2));
    EXPECT_THAT(reached("192.168.50.2:30080", false), IsEmpty());
    EXPECT_EQ(outcome("192.168.50.1:30080"), Answer::Kind::miss);
    EXPECT_THAT(reached(kVip, false), SizeIs(2));

    facts_.masquerade_all = true;
    must_apply({});
    EXPECT_THAT(reached(kVip, false), IsEmpty());
    EXPECT_THAT(reached(kVip), SizeIs(2));
}

TEST_F(EbpfBackendTest, SettingsOfOthersStay) {
    must_apply({});
    bpf_.active->settings->flags |= SY_SETTING_PEERNAME | SY_SETTING_SKIP;
    facts_.masquerade_all = true;
    must_apply({});
    EXPECT_EQ(bpf_.active->settings->flags & ~SY_SETTING_NO_DETECTOR6,
              SY_SETTING_PEERNAME | SY_SETTING_SKIP | SY_SETTING_HOST_ONLY | SY_SETTING_LOOPBACK4);
}

TEST_F(EbpfBackendTest, MapsGrowUnderTraffic) {
    must_apply(delta({web({kA, kB})}));
    const auto before = bpf_.active;
    bool always_there = true;
    bpf_.on_change = [&] { always_there &= reached(kVip).size() == 2; };
    must_apply(many(3000));
    EXPECT_TRUE(always_there);
    EXPECT_NE(bpf_.active, before);
    EXPECT_THAT(bpf_.pinned, SizeIs(1));
    EXPECT_THAT(reached(kVip), SizeIs(2));
    EXPECT_THAT(reached("10.97.11.250:80"), SizeIs(2));
    EXPECT_THAT(reached("10.97.0.1:80"), SizeIs(2));
}

TEST_F(EbpfBackendTest, CountersSurviveGrowthAndNewIdsCountFromZero) {
    must_apply(delta({web({kA})}));
    bpf_.active->connections->at(1) = 7;
    must_apply(many(3000));
    EXPECT_EQ(bpf_.active->connections->at(1), 7U);
    PlanDelta gone;
    gone.removed = {kWeb};
    must_apply(gone);
    // Every other id has been used up before it is its turn again.
    settings_.max_services = 0;
    for (int i = 0; bpf_.calls.reset == 0 && i < 20000; ++i) {
        PlanDelta churn = delta({other({kA})});
        must_apply(churn);
        churn.changed.clear();
        churn.removed = {{"default", "other"}};
        must_apply(churn);
    }
    EXPECT_EQ(bpf_.active->connections->at(1), 0U);
}

TEST_F(EbpfBackendTest, AFullMapCostsOneService) {
    settings_.max_frontends = 3;
    restart();
    must_apply(delta({web({kA}), other({kB})}));
    auto third = cluster_ip_plan("third", "10.96.0.3", 80, {kC});
    third.ports[0].frontends.push_back(
        external(FrontendKind::external_ip, ip("203.0.113.1"), 80, false));
    auto report = apply(delta({third, web({kD})}));
    EXPECT_FALSE(report.failure);
    ASSERT_THAT(report.quarantined, SizeIs(1));
    EXPECT_EQ(report.quarantined[0].service.name, "third");
    EXPECT_THAT(
        report.quarantined[0].error.message(),
        testing::AllOf(HasSubstr("frontends4 is full: 2"), HasSubstr("--ebpf-max-frontends")));
    EXPECT_EQ(outcome("10.96.0.3:80"), Answer::Kind::miss);
    EXPECT_THAT(reached(kVip), ElementsAre(kD.address));
    // There is room now.
    auto plans = delta({third});
    plans.removed = {kWeb};
    must_apply(plans);
    EXPECT_THAT(reached("10.96.0.3:80"), ElementsAre(kC.address));
}

TEST_F(EbpfBackendTest, AServiceThatGrowsTooLargeIsLeftToThePacketPath) {
    settings_.max_endpoints = 4;
    restart();
    must_apply(delta({web({kA, kB})}));
    const auto report = apply(delta({web({kA, kB, kC, kD})}));
    ASSERT_THAT(report.quarantined, SizeIs(1));
    EXPECT_THAT(report.quarantined[0].error.message(), HasSubstr("--ebpf-max-endpoints"));
    EXPECT_EQ(outcome(kVip), Answer::Kind::miss);
    must_apply(delta({web({kA, kC})}));
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address, kC.address));
}

TEST_F(EbpfBackendTest, AGracePeriodIsWaitedForOnlyWhenNumbersRunShort) {
    settings_.max_services = 4;  // three ids
    restart();
    must_apply(delta({web({kA}), other({kB})}));
    PlanDelta gone;
    gone.removed = {kWeb};
    must_apply(gone);
    EXPECT_EQ(bpf_.calls.grace, 0);
    must_apply(delta({cluster_ip_plan("third", "10.96.0.3", 80, {kC})}));
    EXPECT_EQ(bpf_.calls.grace, 0);
    must_apply(delta({cluster_ip_plan("fourth", "10.96.0.4", 80, {kD})}));
    EXPECT_EQ(bpf_.calls.grace, 1);
    EXPECT_THAT(reached("10.96.0.4:80"), ElementsAre(kD.address));
}

TEST_F(EbpfBackendTest, FillsAreToldUnderNamesOfTheirOwn) {
    must_apply(delta({web({kA, kB})}));
    const auto fill = backend_->fill();
    ASSERT_THAT(fill, SizeIs(7));
    EXPECT_EQ(fill[0].map, "frontends");
    EXPECT_EQ(fill[1], (MapFill{"bpf_frontends", Family::ipv4, 1, 1024}));
    EXPECT_EQ(fill[3], (MapFill{"bpf_services", Family::ipv4, 1, 1024}));
    EXPECT_EQ(fill[4], (MapFill{"bpf_slots", Family::ipv4, 2, 4096}));
    EXPECT_EQ(fill[5], (MapFill{"bpf_endpoints", Family::ipv4, 2, 4096}));
}

TEST_F(EbpfBackendTest, TeardownLeavesNothing) {
    must_apply(delta({web({kA})}));
    ASSERT_TRUE(backend_->teardown());
    EXPECT_FALSE(bpf_.active);
    EXPECT_THAT(bpf_.pinned, IsEmpty());
    EXPECT_TRUE(packets_.torn_down);
    ASSERT_TRUE(backend_->teardown());
}

}  // namespace
}  // namespace sy::ebpf
