#include "backends/ebpf/indexes.h"

#include <gmock/gmock.h>

namespace sy::ebpf {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Indexes, BeginAtOneAndEndAtTheLimit) {
    Indexes indexes(4);
    EXPECT_EQ(indexes.take(), 1U);
    EXPECT_EQ(indexes.take(), 2U);
    EXPECT_EQ(indexes.take(), 3U);
    EXPECT_FALSE(indexes.take());
    EXPECT_EQ(indexes.extent(), 4U);
}

TEST(Indexes, ARetiredOneWaitsForTheGracePeriod) {
    Indexes indexes(3);
    indexes.keep(*indexes.take());
    indexes.keep(*indexes.take());
    indexes.retire(1);
    EXPECT_FALSE(indexes.take());
    EXPECT_TRUE(indexes.in_limbo(1));
    EXPECT_EQ(indexes.in_use(), 1U);
    EXPECT_THAT(indexes.drain(), ElementsAre(1));
    EXPECT_EQ(indexes.take(), 1U);
    EXPECT_TRUE(indexes.is_second_hand(1));
    EXPECT_FALSE(indexes.is_second_hand(2));
}

TEST(Indexes, TheLongestFreeOneGoesFirst) {
    Indexes indexes(10);
    for (int i = 0; i < 4; ++i) {
        indexes.keep(*indexes.take());
    }
    for (const uint32_t index : {3U, 1U, 4U}) {
        indexes.retire(index);
    }
    indexes.drain();
    EXPECT_EQ(indexes.take(), 3U);
    EXPECT_EQ(indexes.take(), 1U);
    EXPECT_EQ(indexes.take(), 4U);
    EXPECT_EQ(indexes.take(), 5U);
}

TEST(Indexes, WhatWasNeverPublishedIsFreeAtOnce) {
    Indexes indexes(3);
    const auto mark = indexes.mark();
    EXPECT_EQ(indexes.take(), 1U);
    EXPECT_THAT(indexes.release(mark), ElementsAre(1));
    EXPECT_EQ(indexes.in_use(), 0U);
    EXPECT_EQ(indexes.available(3), 2U);
    EXPECT_FALSE(indexes.is_second_hand(1));
}

TEST(Indexes, ReleaseKeepsWhatWasKept) {
    Indexes indexes(5);
    const auto first = *indexes.take();
    const auto mark = indexes.mark();
    const auto second = *indexes.take();
    indexes.keep(second);
    EXPECT_THAT(indexes.release(mark), IsEmpty());
    EXPECT_THAT(indexes.release(0), ElementsAre(first));
    EXPECT_TRUE(indexes.committed(second));
}

TEST(Indexes, OneMayComeBackFromLimbo) {
    Indexes indexes(3);
    indexes.keep(*indexes.take());
    indexes.retire(1);
    indexes.revive(1);
    EXPECT_EQ(indexes.in_use(), 1U);
    indexes.keep(1);
    EXPECT_THAT(indexes.drain(), IsEmpty());
    EXPECT_TRUE(indexes.committed(1));
}

TEST(Indexes, OneThatWasRevivedInVainIsInLimboAgain) {
    Indexes indexes(3);
    indexes.keep(*indexes.take());
    indexes.retire(1);
    indexes.revive(1);
    EXPECT_THAT(indexes.drain(), IsEmpty());
    indexes.release(0);
    EXPECT_TRUE(indexes.in_limbo(1));
    EXPECT_THAT(indexes.drain(), ElementsAre(1));
}

TEST(Indexes, RetiredTwiceIsFreedOnce) {
    Indexes indexes(4);
    indexes.keep(*indexes.take());
    indexes.retire(1);
    indexes.keep(1);
    indexes.retire(1);
    EXPECT_THAT(indexes.drain(), ElementsAre(1));
    EXPECT_EQ(indexes.take(), 1U);
    EXPECT_EQ(indexes.take(), 2U);
}

TEST(Indexes, AdoptionLeavesTheGapsFree) {
    Indexes indexes(100);
    indexes.adopt(std::vector<uint32_t>{2, 4}, 50);
    EXPECT_EQ(indexes.in_use(), 2U);
    EXPECT_EQ(indexes.take(), 1U);
    EXPECT_EQ(indexes.take(), 3U);
    EXPECT_EQ(indexes.take(), 5U);
    // A predecessor may have had any of them.
    EXPECT_TRUE(indexes.is_second_hand(5));
    EXPECT_FALSE(indexes.is_second_hand(50));
}

}  // namespace
}  // namespace sy::ebpf
