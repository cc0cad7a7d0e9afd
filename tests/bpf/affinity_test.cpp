// ClientIP affinity, run by BPF_PROG_TEST_RUN. Time does not pass here: what a client was given is
// written into its memory with an age.
#include "tests/bpf/pick_fixture.h"

namespace sy::bpf_test {
namespace {

class Affinity : public Pick {
  protected:
    static constexpr uint32_t kSeconds = 100;
    const sy_client client_{.netns = kPod, .group = kId, .reserved = 0};

    void SetUp() override {
        Pick::SetUp();
        serve(40, SY_SERVICE_AFFINITY);
        maps().affinity(kId, kSeconds, kId);
    }
    /// The endpoint at `position` was given to the client so many seconds ago.
    void given(uint32_t endpoint, uint32_t position, uint64_t seconds) {
        maps().remember(client_, {endpoint, position, now() - seconds * kSecond});
    }
    sy_choice remembered() { return maps().remembered(client_).value_or(sy_choice{}); }
};

INSTANTIATE_TEST_SUITE_P(Families, Affinity, testing::ValuesIn(kFamilies), FamilyName());

TEST_P(Affinity, StaysWithWhatItPickedFirst) {
    EXPECT_EQ(pick(), SY_TRANSLATE);
    const uint32_t first = answer().connection.endpoint;
    EXPECT_EQ(remembered().endpoint, first);
    pick(500);
    EXPECT_EQ(answer().picks[first], 500);
}

TEST_P(Affinity, TellsClientsApart) {
    pick();
    question().netns = kPod + 1;
    pick();
    EXPECT_TRUE(maps().remembered(client_));
    EXPECT_TRUE(maps().remembered({.netns = kPod + 1, .group = kId, .reserved = 0}));
}

TEST_P(Affinity, Slides) {
    given(kBase + 5, 4, kSeconds - 10);
    const uint64_t before = now();
    EXPECT_EQ(pick(), SY_TRANSLATE);
    EXPECT_EQ(picked(), pod(5));
    EXPECT_GE(remembered().last, before);
}

TEST_P(Affinity, Expires) {
    int same = 0;
    for (int i = 0; i < 20; ++i) {
        given(kBase + 5, 4, kSeconds + 1);
        pick();
        same += picked() == pod(5) ? 1 : 0;
        EXPECT_EQ(remembered().endpoint, answer().connection.endpoint);
    }
    EXPECT_LT(same, 20);
}

TEST_P(Affinity, FindsAnEndpointThatMoved) {
    given(kBase + 5, 30, 1);
    EXPECT_EQ(pick(), SY_TRANSLATE);
    EXPECT_EQ(picked(), pod(5));
    EXPECT_EQ(answer().connection.position, 4);
    EXPECT_EQ(remembered().position, 4);
    given(kBase + 5, 1000, 1);
    pick();
    EXPECT_EQ(picked(), pod(5)) << "from beyond the run";
}

TEST_P(Affinity, FollowsTheRunToAnotherBase) {
    given(kBase + 5, 4, 1);
    for (uint32_t i = 0; i < 40; ++i) {
        maps().slot(500 + i, sy_slot_word(kBase + 1 + i, kId));
    }
    maps().service(kId, sy_service_word(500, 40, SY_SERVICE_AFFINITY));
    EXPECT_EQ(pick(), SY_TRANSLATE);
    EXPECT_EQ(picked(), pod(5));
}

TEST_P(Affinity, MovesOnWhenTheEndpointLeavesAndStaysThere) {
    given(kBase + 40, 39, 1);
    maps().service(kId, sy_service_word(kBase, 39, SY_SERVICE_AFFINITY));
    EXPECT_EQ(pick(), SY_TRANSLATE);
    const uint32_t second = answer().connection.endpoint;
    EXPECT_NE(second, kBase + 40);
    maps().service(kId, sy_service_word(kBase, 40, SY_SERVICE_AFFINITY));
    pick(100);
    EXPECT_EQ(answer().picks[second], 100);
}

TEST_P(Affinity, LooksThroughTheFirstSlotsOfALongRunOnly) {
    constexpr uint32_t kLong = 200;
    for (uint32_t i = 0; i < kLong; ++i) {
        maps().slot(600 + i, sy_slot_word(kBase + 1, kId));
    }
    maps().endpoint(kBase + 41, pod(41));
    maps().slot(600 + SY_AFFINITY_WALK - 1, sy_slot_word(kBase + 41, kId));
    maps().service(kId, sy_service_word(600, kLong, SY_SERVICE_AFFINITY));
    given(kBase + 41, 0, 1);
    pick();
    EXPECT_EQ(picked(), pod(41));
    maps().slot(600 + SY_AFFINITY_WALK - 1, sy_slot_word(kBase + 1, kId));
    maps().slot(600 + SY_AFFINITY_WALK, sy_slot_word(kBase + 41, kId));
    int same = 0;
    for (int i = 0; i < 20; ++i) {
        given(kBase + 41, 0, 1);
        EXPECT_EQ(pick(), SY_TRANSLATE);
        same += picked() == pod(41) ? 1 : 0;
    }
    EXPECT_LT(same, 20);
}

TEST_P(Affinity, IsSharedByTheListsOfAGroup) {
    const Frontend external{.address = ip("198.51.100.1", "fd00:198::1"), .port = Port(80)};
    maps().frontend(external, 8);
    maps().affinity(8, kSeconds, kId);
    maps().slot(700, sy_slot_word(kBase + 9, 8));
    maps().slot(701, sy_slot_word(kBase + 5, 8));
    maps().service(8, sy_service_word(700, 2, SY_SERVICE_AFFINITY));
    given(kBase + 5, 4, 1);
    ask_for(external.address, external.port);
    EXPECT_EQ(pick(), SY_TRANSLATE);
    EXPECT_EQ(picked(), pod(5));
    ask_for(vip(), Port(80));
    EXPECT_EQ(pick(), SY_TRANSLATE);
    EXPECT_EQ(picked(), pod(5));
}

TEST_P(Affinity, TakesTheAddressFromTheRecord) {
    given(kBase + 5, 4, 1);
    maps().endpoint(kBase + 5, pod(99));
    EXPECT_EQ(pick(), SY_TRANSLATE);
    EXPECT_EQ(picked(), pod(99));
}

TEST_P(Affinity, DoesNotOverruleAnEmptyService) {
    given(kBase + 5, 4, 1);
    maps().service(kId, sy_service_word(kBase, 0, SY_SERVICE_AFFINITY | SY_SERVICE_REJECT));
    EXPECT_EQ(pick(), SY_REFUSE);
}

}  // namespace
}  // namespace sy::bpf_test
