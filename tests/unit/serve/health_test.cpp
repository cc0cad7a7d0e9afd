#include "serve/health.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

using namespace std::chrono_literals;

const FamilySet kV4(Family::ipv4);
const FamilySet kV6(Family::ipv6);

/// Time is moved by hand.
class HealthTest : public testing::Test {
  protected:
    HealthTest() { state.lists_complete(now); }

    void pass(Duration time) {
        now.steady += time;
        now.wall += time;
    }
    /// A sync without anything happening meanwhile.
    void sync(bool ok = true) {
        state.sync_begun();
        state.sync_ended(ok, now);
    }
    bool healthy() const { return state.livez(now).healthy; }
    bool healthy(Family family) const {
        return state.livez(now).families[family == Family::ipv4 ? 0 : 1].healthy;
    }
    /// What is healthy at all has always been synced.
    void synced() { sync(); }

    Moment now{TimePoint(1h), WallTime(1000h)};
    HealthState state{{.timeout = 60s, .node_required = true}, now};
};

TEST_F(HealthTest, HealthyFromTheStartAndWhenIdleForLong) {
    HealthState fresh({.timeout = 60s}, now);
    pass(24h);
    EXPECT_TRUE(fresh.livez(now).healthy) << "no lists, no rules: /readyz tells";
    synced();
    pass(24h);
    EXPECT_TRUE(healthy());
}

TEST_F(HealthTest, ChangesBeforeTheListsDoNotCount) {
    HealthState fresh({.timeout = 60s}, now);
    fresh.queued(FamilySet::both(), now);
    pass(2min);
    EXPECT_TRUE(fresh.livez(now).healthy);
    fresh.lists_complete(now);
    pass(59s);
    EXPECT_TRUE(fresh.livez(now).healthy);
    pass(1s);
    EXPECT_FALSE(fresh.livez(now).healthy) << "the first sync is late";
}

TEST_F(HealthTest, LateInOneFamilyOrInBoth) {
    synced();
    for (const FamilySet families : {kV4, kV6, FamilySet::both()}) {
        state.queued(families, now);
        pass(59s);
        EXPECT_TRUE(healthy());
        pass(1s);
        EXPECT_FALSE(healthy());
        for (const Family family : kFamilies) {
            EXPECT_EQ(healthy(family), !families.contains(family));
        }
        sync();
        EXPECT_TRUE(healthy());
    }
}

TEST_F(HealthTest, EachFamilyHasItsOwnClock) {
    synced();
    state.queued(kV4, now);
    pass(30s);
    state.queued(kV6, now);
    pass(30s);
    EXPECT_FALSE(healthy(Family::ipv4));
    EXPECT_TRUE(healthy(Family::ipv6));
    pass(30s);
    EXPECT_FALSE(healthy(Family::ipv6));
    sync();
    EXPECT_TRUE(healthy());
}

TEST_F(HealthTest, TheFirstPendingChangeCounts) {
    synced();
    for (int i = 0; i < 6; ++i) {
        state.queued(kV4, now);
        pass(10s);
    }
    EXPECT_FALSE(healthy());
}

TEST_F(HealthTest, AFailedSyncClearsNothing) {
    synced();
    state.queued(kV4, now);
    for (int i = 0; i < 6; ++i) {
        sync(false);
        pass(10s);
    }
    EXPECT_FALSE(healthy());
    state.queued(kV4, now);
    sync();
    EXPECT_TRUE(healthy());
}

TEST_F(HealthTest, WhatComesDuringASyncWaitsForTheNext) {
    synced();
    state.queued(kV4, now);
    state.sync_begun();
    pass(30s);
    state.queued(kV4, now);
    state.queued(kV6, now);
    pass(29s);
    state.sync_ended(true, now);
    pass(30s);
    EXPECT_TRUE(healthy());
    pass(1s);
    EXPECT_FALSE(healthy(Family::ipv4)) << "the sync had not taken the second change";
    EXPECT_FALSE(healthy(Family::ipv6));
}

TEST_F(HealthTest, ASyncThatHangsIsNoticed) {
    synced();
    state.queued(kV4, now);
    state.sync_begun();
    pass(60s);
    EXPECT_FALSE(healthy());
    state.sync_ended(false, now);
    EXPECT_FALSE(healthy());
}

TEST_F(HealthTest, AnotherTimeoutHoldsAtOnce) {
    synced();
    state.queued(kV4, now);
    pass(60s);
    state.configure({.timeout = 120s});
    EXPECT_TRUE(healthy());
}

TEST_F(HealthTest, LastUpdatedIsNowWhileHealthyAndTheRealTimeOtherwise) {
    synced();
    const WallTime updated = now.wall;
    pass(1h);
    EXPECT_EQ(state.livez(now).last_updated, now.wall);
    EXPECT_EQ(state.livez(now).families[0].last_updated, updated);
    state.queued(kV4, now);
    pass(60s);
    EXPECT_EQ(state.livez(now).last_updated, updated);
    EXPECT_EQ(state.livez(now).current_time, now.wall);
    EXPECT_EQ(state.healthz(now).last_updated, updated);
}

TEST_F(HealthTest, OnlyANodeThatStaysIsEligible) {
    synced();
    EXPECT_FALSE(state.healthz(now).ok()) << "nobody told of the Node yet";
    EXPECT_EQ(state.healthz(now).node_eligible, false);
    Node node;
    state.set_node(&node);
    EXPECT_TRUE(state.healthz(now).ok());
    EXPECT_EQ(state.healthz(now).node_eligible, true);
    node.autoscaler_taint = true;
    state.set_node(&node);
    EXPECT_FALSE(state.healthz(now).ok());
    EXPECT_TRUE(state.healthz(now).healthy) << "it is the node that is leaving, not the proxy";
    EXPECT_TRUE(state.livez(now).ok());
    EXPECT_EQ(state.livez(now).node_eligible, std::nullopt);
    node = {};
    node.deleting = true;
    state.set_node(&node);
    EXPECT_FALSE(state.healthz(now).ok());
    node = {};
    state.set_node(&node);
    EXPECT_TRUE(state.healthz(now).ok());
    state.set_node(nullptr);
    EXPECT_FALSE(state.healthz(now).ok());
    EXPECT_TRUE(state.livez(now).ok());
}

TEST_F(HealthTest, WithoutAClusterThereNeedBeNoNode) {
    HealthState files({.timeout = 60s, .node_required = false}, now);
    EXPECT_TRUE(files.healthz(now).ok());
    Node node;
    node.autoscaler_taint = true;
    files.set_node(&node);
    EXPECT_FALSE(files.healthz(now).ok());
}

TEST(Readiness, SaysWhatIsMissing) {
    Readiness readiness;
    EXPECT_EQ(readiness.missing(), "the list of Services and EndpointSlices");
    readiness.set_lists(true, false);
    EXPECT_EQ(readiness.missing(), "the list of EndpointSlices");
    readiness.set_lists(false, true);
    EXPECT_EQ(readiness.missing(), "the list of Services");
    readiness.set_lists(true, true);
    EXPECT_EQ(readiness.missing(), "the first sync");
    EXPECT_FALSE(readiness.ready());
    readiness.set_synced();
    EXPECT_TRUE(readiness.ready());
    EXPECT_EQ(readiness.missing(), "");
}

}  // namespace
}  // namespace sy
