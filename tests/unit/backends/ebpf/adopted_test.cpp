#include "backends/ebpf/adopted.h"

#include <gmock/gmock.h>

#include "backends/ebpf/compile.h"
#include "backends/ebpf/writes.h"
#include "tests/support/fake_ebpf_kernel.h"
#include "tests/support/plans.h"

namespace sy::ebpf {
namespace {

using test::cluster_ip_plan;
using test::endpoint;
using testing::IsEmpty;
using testing::SizeIs;

const PlannedEndpoint kA = endpoint("10.244.1.11:8080", true);
const PlannedEndpoint kB = endpoint("10.244.2.21:8080");

/// Maps that a predecessor has written.
class AdoptedTest : public testing::Test {
  protected:
    AdoptedTest() {
        (void)FakeKernel(bpf_).create({.frontends4 = 64,
                                       .frontends6 = 64,
                                       .services = 16,
                                       .slots = 32,
                                       .endpoints4 = 16,
                                       .endpoints6 = 16,
                                       .clients = 1},
                                      nullptr);
    }
    FakeMaps& maps() { return *bpf_.pinned.front(); }

    Fragment write(const ServicePlan& plan) {
        auto fragment = compile(plan, {}, former_).value();
        for (const auto* entries : {&fragment.shared, &fragment.own}) {
            for (const auto& entry : *entries) {
                if (entry.kind() == Kind::frontend4) {
                    maps().frontends4->words[entry.key4()] = frontend4(entry).word;
                } else if (entry.kind() == Kind::frontend6) {
                    maps().frontends6->words[entry.key6()] = frontend6(entry).word;
                } else {
                    (void)store(entry, plan.name, former_, maps().arrays());
                }
            }
        }
        return fragment;
    }
    Adopted adopt() {
        const auto set = FakeKernel(bpf_).find().value().maps;
        return {set->arrays(), set->frontends4().value(), set->frontends6().value(), pools_};
    }

    FakeBpf bpf_;
    Pools former_{EbpfSettings{}};
    Pools pools_{EbpfSettings{}};
};

TEST_F(AdoptedTest, AServiceFindsWhatItHad) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kA, kB});
    plan.ports[0].name = "http";
    plan.ports[0].affinity_timeout = 60;
    const auto written = write(plan);
    auto adopted = adopt();
    EXPECT_EQ(adopted.claim(plan, pools_), written.own);
    EXPECT_EQ(adopted.endpoints(), written.shared);
    EXPECT_THAT(adopted.rest(), IsEmpty());
    // Nobody else gets it, and nothing of it is given out again.
    EXPECT_THAT(adopted.claim(plan, pools_), IsEmpty());
    EXPECT_EQ(*pools_.take_id(), 2U);
    EXPECT_EQ(*pools_.intern(kB.address), 2U);
    EXPECT_EQ(*pools_.take_run(2), 2U);
}

TEST_F(AdoptedTest, OnlyTheSamePortInTheSameFamilyAndProtocolClaims) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kA});
    write(plan);
    auto adopted = adopt();
    auto other = plan;
    other.ports[0].protocol = Protocol::udp;
    EXPECT_THAT(adopted.claim(other, pools_), IsEmpty());
    other = plan;
    other.ports[0].family = Family::ipv6;
    EXPECT_THAT(adopted.claim(other, pools_), IsEmpty());
    other = plan;
    other.ports[0].name = "http";
    EXPECT_THAT(adopted.claim(other, pools_), IsEmpty());
    other = plan;
    other.name.name = "web2";
    EXPECT_THAT(adopted.claim(other, pools_), IsEmpty());
    EXPECT_THAT(adopted.claim(plan, pools_), SizeIs(4));
}

TEST_F(AdoptedTest, WhatNobodyClaimsIsLeft) {
    write(cluster_ip_plan("web", "10.96.0.1", 80, {kA}));
    const auto adopted = adopt();
    EXPECT_THAT(adopted.rest(), SizeIs(3));  // the frontend, the slot, the service
    EXPECT_EQ(adopted.rest().back().kind(), Kind::service);
}

TEST_F(AdoptedTest, WhatDoesNotFitTogetherCannotBeClaimed) {
    const auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kA, kB});
    const auto damages = std::vector<std::function<void(FakeMaps&)>>{
        [](FakeMaps& maps) { maps.slots->at(1) = sy_slot_word(2, 7); },
        [](FakeMaps& maps) { maps.slots->at(1) = sy_slot_word(200, 1); },
        [](FakeMaps& maps) { maps.slots->at(1) = sy_slot_word(0, 1); },
        [](FakeMaps& maps) { maps.endpoints4->at(2) = 0; },
        [](FakeMaps& maps) { maps.services->at(1) = sy_service_word(31, 2, 0); },
        [](FakeMaps& maps) { maps.services->at(1) = sy_service_word(1, 2, 0); },
        [](FakeMaps& maps) { maps.names->at(1).protocol = 0; },
        [](FakeMaps& maps) { maps.names->at(1).ipv6 = 9; },
    };
    for (const auto& damage : damages) {
        former_ = Pools{EbpfSettings{}};
        pools_ = Pools{EbpfSettings{}};
        write(plan);
        damage(maps());
        auto adopted = adopt();
        EXPECT_THAT(adopted.claim(plan, pools_), IsEmpty());
        // The id stays out of circulation as long as its frontend is there.
        EXPECT_TRUE(pools_.ids().committed(1));
        ASSERT_FALSE(adopted.rest().empty());
        EXPECT_EQ(adopted.rest().front().kind(), Kind::frontend4);
    }
}

TEST_F(AdoptedTest, TwoIdsCannotHaveOneRun) {
    const auto web = cluster_ip_plan("web", "10.96.0.1", 80, {kA});
    const auto other = cluster_ip_plan("other", "10.96.0.2", 80, {kB});
    write(web);
    write(other);
    maps().services->at(2) = maps().services->at(1);
    auto adopted = adopt();
    EXPECT_THAT(adopted.claim(web, pools_), SizeIs(4));
    EXPECT_THAT(adopted.claim(other, pools_), IsEmpty());
    for (const auto& entry : adopted.rest()) {
        pools_.retire(entry);
    }
    EXPECT_EQ(pools_.runs().in_use(), 1U);
}

TEST_F(AdoptedTest, FrontendsThatLeadNowhereAreStrays) {
    write(cluster_ip_plan("web", "10.96.0.1", 80, {kA}));
    const sy_frontend4 wrong{2, 80, 6, 0};
    const sy_frontend4 beyond{3, 80, 6, 0};
    const sy_frontend4 nameless{4, 80, 6, 0};
    maps().frontends4->words[wrong] = sy_frontend_word(1, sy_check4(&wrong) + 1);
    maps().frontends4->words[beyond] = sy_frontend_word(16, sy_check4(&beyond));
    maps().frontends4->words[nameless] = sy_frontend_word(9, sy_check4(&nameless));
    const auto adopted = adopt();
    EXPECT_THAT(adopted.stray4(), SizeIs(2));
    EXPECT_TRUE(pools_.ids().committed(9));
}

}  // namespace
}  // namespace sy::ebpf
