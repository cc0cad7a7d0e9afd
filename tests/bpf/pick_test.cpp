// What the hooks are made of, run by BPF_PROG_TEST_RUN: every way a request can go, both families.
#include "tests/bpf/pick_fixture.h"

namespace sy::bpf_test {
namespace {

INSTANTIATE_TEST_SUITE_P(Families, Pick, testing::ValuesIn(kFamilies), FamilyName());

// Frontends.

TEST_P(Pick, LeavesWhatIsNoFrontend) {
    serve(1);
    ask_for(vip(), Port(81));
    EXPECT_EQ(pick(), SY_LEAVE);
    ask_for(vip(), Port(80), Protocol::udp);
    EXPECT_EQ(pick(), SY_LEAVE);
    ask_for(pod(1).ip, Port(80));
    EXPECT_EQ(pick(), SY_LEAVE);
    EXPECT_EQ(statistic(SY_STAT_MISS), 3);
}

TEST_P(Pick, TranslatesAFrontend) {
    serve(1);
    EXPECT_EQ(pick(), SY_TRANSLATE);
    EXPECT_EQ(picked(), pod(1));
    EXPECT_EQ(answer().id, kId);
    EXPECT_EQ(answer().connection.id, kId);
    EXPECT_EQ(answer().connection.endpoint, kBase + 1);
    EXPECT_EQ(answer().connection.position, 0);
    EXPECT_EQ(statistic(SY_STAT_MISS), 0);
}

TEST_P(Pick, PrefersTheExactAddressToANodePort) {
    serve(1);
    maps().list(8, 32, std::array{pod(2)});
    maps().frontend({.address = node(), .port = Port(30080)}, kId);
    maps().frontend(node_port(), 8);
    maps().node_address(node());
    ask_for(node(), Port(30080));
    EXPECT_EQ(pick(), SY_TRANSLATE);
    EXPECT_EQ(picked(), pod(1));
}

TEST_P(Pick, ServesNodePortsOnAddressesOfTheSetOnly) {
    serve(1);
    maps().frontend(node_port(), kId);
    ask_for(node(), Port(30080));
    EXPECT_EQ(pick(), SY_LEAVE);
    maps().node_address(node());
    EXPECT_EQ(pick(), SY_TRANSLATE);
    ask_for(vip(), Port(30080));
    EXPECT_EQ(pick(), SY_LEAVE);
}

TEST_P(Pick, ServesNodePortsOnLoopbackToTheNodeOnly) {
    serve(1);
    maps().frontend(node_port(), kId);
    const uint32_t served = either(SY_SETTING_LOOPBACK4, SY_SETTING_LOOPBACK6);
    for (const IpAddr& address : {loopback(), ip("127.0.0.5", "::1"), unspecified(GetParam())}) {
        configure(served);
        ask_from(kNode);
        ask_for(address, Port(30080));
        EXPECT_EQ(pick(), SY_TRANSLATE) << address.to_string();
        question().netns = kPod;
        EXPECT_EQ(pick(), SY_LEAVE) << address.to_string();
        question().netns = kNode;
        configure(either(SY_SETTING_LOOPBACK6, SY_SETTING_LOOPBACK4));
        EXPECT_EQ(pick(), SY_LEAVE) << address.to_string();
    }
}

TEST_P(Pick, TakesLoopbackFromTheSettingsEvenIfItIsInTheSet) {
    serve(1);
    maps().frontend(node_port(), kId);
    maps().node_address(loopback());
    ask_for(loopback(), Port(30080));
    EXPECT_EQ(pick(), SY_LEAVE);
}

TEST_P(Pick, LeavesAnElementThatWasReusedUnderIt) {
    serve(1);
    maps().frontend_word(frontend(), sy_frontend_word(kId, 0x12345678));
    EXPECT_EQ(pick(), SY_LEAVE);
    EXPECT_EQ(answer().id, 0);
    EXPECT_EQ(statistic(SY_STAT_STALE_KEY), 1);
    EXPECT_EQ(statistic(SY_STAT_MISS), 0);
}

TEST_P(Pick, LeavesAnIdBeyondTheArray) {
    maps().frontend(frontend(), 1U << 30);
    EXPECT_EQ(pick(), SY_LEAVE);
    EXPECT_EQ(statistic(SY_STAT_MISS), 1);
}

// Who is not translated.

TEST_P(Pick, LeavesSocketsWhoseSourceIsFixedToThePacketPath) {
    serve(1);
    question().fixed_source = 1;
    EXPECT_EQ(pick(), SY_TRANSLATE) << "pods have one address";
    question().netns = kNode;
    EXPECT_EQ(pick(), SY_LEAVE);
    EXPECT_EQ(answer().skipped, 1);
    ask_from(kPod);
    question().fixed_source = question().loopback_source = 1;
    EXPECT_EQ(pick(), SY_LEAVE);
    EXPECT_EQ(answer().skipped, 1);
}

TEST_P(Pick, TranslatesOnlyTheNodesSocketsIfToldSo) {
    serve(1);
    configure(SY_SETTING_HOST_ONLY);
    EXPECT_EQ(pick(), SY_LEAVE);
    question().netns = kNode;
    EXPECT_EQ(pick(), SY_TRANSLATE);
}

TEST_P(Pick, LeavesNetworkNamespacesThatOptedOut) {
    serve(1);
    maps().skip_netns(kPod);
    EXPECT_EQ(pick(), SY_TRANSLATE) << "the set counts only with its setting";
    configure(SY_SETTING_SKIP);
    EXPECT_EQ(pick(), SY_LEAVE);
    question().netns = kNode;
    EXPECT_EQ(pick(), SY_TRANSLATE);
}

TEST_P(Pick, HidesLocalListsFromPodsThatNobodyCanTellFromOthers) {
    serve(1, SY_SERVICE_INSIDE_ONLY);
    configure(either(SY_SETTING_NO_DETECTOR6, SY_SETTING_NO_DETECTOR4));
    EXPECT_EQ(pick(), SY_TRANSLATE) << "the other family's detector";
    configure(either(SY_SETTING_NO_DETECTOR4, SY_SETTING_NO_DETECTOR6));
    EXPECT_EQ(pick(), SY_LEAVE);
    EXPECT_EQ(statistic(SY_STAT_MISS), 1);
    question().netns = kNode;
    EXPECT_EQ(pick(), SY_TRANSLATE);
    maps().service(kId, sy_service_word(kBase, 0, SY_SERVICE_INSIDE_ONLY | SY_SERVICE_REJECT));
    EXPECT_EQ(pick(), SY_REFUSE);
    question().netns = kPod;
    EXPECT_EQ(pick(), SY_LEAVE) << "nor are they refused here";
}

// No endpoints.

TEST_P(Pick, RefusesOrLeavesAnEmptyService) {
    serve(0, SY_SERVICE_REJECT);
    EXPECT_EQ(pick(), SY_REFUSE);
    EXPECT_EQ(statistic(SY_STAT_EMPTY), 0);
    maps().service(kId, sy_service_word(0, 0, 0));
    EXPECT_EQ(pick(), SY_LEAVE);
    EXPECT_EQ(statistic(SY_STAT_EMPTY), 1);
}

// Slots and endpoints.

TEST_P(Pick, SpreadsEvenly) {
    serve(3);
    constexpr int kTimes = 3000;
    pick(kTimes);
    for (uint32_t n = 1; n <= 3; ++n) {  // six standard deviations
        EXPECT_NEAR(answer().picks[kBase + n], 1000, 160);
    }
}

TEST_P(Pick, PicksEveryPositionOfALongRun) {
    serve(40);
    pick(4000);
    for (uint32_t n = 1; n <= 40; ++n) {
        EXPECT_GT(answer().picks[kBase + n], 0) << n;
    }
}

TEST_P(Pick, GivesUpOnSlotsThatStayForeign) {
    serve(1);
    maps().slot(kBase, sy_slot_word(kBase + 1, kId + 1));
    EXPECT_EQ(pick(), SY_LEAVE);
    EXPECT_EQ(statistic(SY_STAT_STALE_SLOT), 3);
    EXPECT_EQ(statistic(SY_STAT_MISS), 1);
}

TEST_P(Pick, ReadsTheServiceAgainWhenItsOldRunIsForeign) {
    serve(2);
    question().old_id = kId;
    question().old_service = sy_service_word(100, 4, 0);
    for (uint32_t position = 100; position < 104; ++position) {
        maps().slot(position, sy_slot_word(99, kId + 1));
    }
    EXPECT_EQ(pick_late(), SY_TRANSLATE);
    EXPECT_GT(answer().connection.endpoint, kBase);
    EXPECT_LE(answer().connection.endpoint, kBase + 2);
    EXPECT_EQ(statistic(SY_STAT_STALE_SLOT), 1);
}

TEST_P(Pick, SeesThatTheServiceBecameEmptyMeanwhile) {
    question().old_id = kId;
    question().old_service = sy_service_word(100, 4, 0);
    maps().service(kId, sy_service_word(0, 0, SY_SERVICE_REJECT));
    EXPECT_EQ(pick_late(), SY_REFUSE);
    maps().service(kId, sy_service_word(0, 0, 0));
    EXPECT_EQ(pick_late(), SY_LEAVE);
    EXPECT_EQ(statistic(SY_STAT_STALE_SLOT), 2);
    EXPECT_EQ(statistic(SY_STAT_EMPTY), 1);
}

TEST_P(Pick, LeavesARunBeyondTheArray) {
    serve(1);
    maps().service(kId, sy_service_word(0xfffffff0U, 4, 0));
    EXPECT_EQ(pick(), SY_LEAVE);
}

TEST_P(Pick, LeavesAFreeEndpoint) {
    serve(1);
    maps().free_endpoint(kBase + 1, GetParam());
    EXPECT_EQ(pick(), SY_LEAVE);
    EXPECT_EQ(statistic(SY_STAT_MISS), 1);
    maps().slot(kBase, sy_slot_word(1U << 30, kId));
    EXPECT_EQ(pick(), SY_LEAVE);
}

// What an unconnected socket remembers.

TEST_P(Pick, GoesOnWithTheEndpointASocketRemembers) {
    serve(3);
    remember(kId, 1, kBase + 2, pod(2));
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(pick(), SY_CONTINUE);
        EXPECT_EQ(picked(), pod(2));
    }
}

TEST_P(Pick, TakesTheAddressOfARememberedEndpointFromItsRecord) {
    serve(3);
    remember(kId, 1, kBase + 2, pod(2));
    maps().endpoint(kBase + 2, pod(9));
    EXPECT_EQ(pick(), SY_TRANSLATE) << "the index has another endpoint now";
    EXPECT_EQ(picked(), pod(9));
    EXPECT_EQ(answer().connection.position, 1);
    maps().free_endpoint(kBase + 2, GetParam());
    EXPECT_NE(pick(), SY_CONTINUE);
}

TEST_P(Pick, PicksAnewWhereAMemoryNoLongerHolds) {
    serve(3);
    remember(kId + 1, 1, kBase + 2, pod(2));
    EXPECT_EQ(pick(), SY_TRANSLATE) << "another service has the address now";
    remember(kId, 1, kBase + 3, pod(3));
    EXPECT_EQ(pick(), SY_TRANSLATE) << "another endpoint is there now";
    remember(kId, 3, kBase + 4, pod(4));
    EXPECT_EQ(pick(), SY_TRANSLATE) << "the run is shorter now";
    maps().slot(kBase + 1, sy_slot_word(kBase + 2, kId + 1));
    remember(kId, 1, kBase + 2, pod(2));
    EXPECT_NE(pick(), SY_CONTINUE) << "the slot is another service's now";
    maps().service(kId, sy_service_word(kBase, 0, SY_SERVICE_REJECT));
    remember(kId, 0, kBase + 1, pod(1));
    EXPECT_EQ(pick(), SY_REFUSE);
}

}  // namespace
}  // namespace sy::bpf_test
