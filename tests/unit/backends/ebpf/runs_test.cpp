#include "backends/ebpf/runs.h"

#include <gmock/gmock.h>

#include <bit>
#include <map>
#include <random>

namespace sy::ebpf {
namespace {

TEST(Runs, LieSideBySide) {
    Runs runs(64);
    EXPECT_EQ(runs.take(3), 0U);
    EXPECT_EQ(runs.take(4), 4U);
    EXPECT_EQ(runs.take(1), 8U);
    EXPECT_EQ(runs.take(2), 10U);
    EXPECT_EQ(runs.room(0), 4U);
    EXPECT_EQ(runs.room(8), 1U);
    EXPECT_EQ(runs.room(9), 0U);
    // The gap before it is used as well.
    EXPECT_EQ(runs.take(8), 16U);
    EXPECT_EQ(runs.take(1), 9U);
    EXPECT_EQ(runs.take(4), 12U);
}

TEST(Runs, HaveALimit) {
    Runs runs(8);
    EXPECT_EQ(runs.take(5), 0U);
    EXPECT_FALSE(runs.take(1));
    runs.release(0);
    EXPECT_EQ(runs.take(1), 0U);
    EXPECT_FALSE(runs.take(16));
}

TEST(Runs, ARetiredOneWaitsForTheGracePeriod) {
    Runs runs(8);
    runs.keep(*runs.take(8));
    runs.retire(0);
    EXPECT_FALSE(runs.take(1));
    EXPECT_EQ(runs.room(0), 8U);
    runs.drain();
    EXPECT_EQ(runs.in_use(), 0U);
    EXPECT_EQ(runs.take(2), 0U);
    EXPECT_EQ(runs.take(4), 4U);
}

TEST(Runs, NeighboursGrowTogetherAgain) {
    Runs runs(16);
    for (int i = 0; i < 16; ++i) {
        runs.keep(*runs.take(1));
    }
    for (uint32_t i = 0; i < 16; ++i) {
        runs.retire(i ^ 5);
    }
    runs.drain();
    EXPECT_EQ(runs.take(16), 0U);
}

TEST(Runs, AdoptionTakesWhatLiesWell) {
    Runs runs(64);
    EXPECT_TRUE(runs.adopt({4, 3}));
    EXPECT_FALSE(runs.adopt({6, 2}));  // over the first
    EXPECT_FALSE(runs.adopt({9, 2}));  // not a multiple of its length
    EXPECT_TRUE(runs.adopt({16, 8}));
    EXPECT_FALSE(runs.adopt({64, 1}));
    EXPECT_FALSE(runs.adopt({24, 0}));
    EXPECT_EQ(runs.take(4), 0U);
    EXPECT_EQ(runs.take(8), 8U);
    EXPECT_EQ(runs.take(1), 24U);
}

TEST(Runs, KnowWhatIsSurelyThere) {
    Runs runs(64);
    EXPECT_TRUE(runs.surely_available(32, 16, 64));
    EXPECT_FALSE(runs.surely_available(33, 1, 32));
    runs.keep(*runs.take(16));
    runs.keep(*runs.take(16));
    EXPECT_FALSE(runs.surely_available(1, 1, 32));
    runs.retire(0);
    runs.drain();
    EXPECT_TRUE(runs.surely_available(16, 16, 32));
    EXPECT_TRUE(runs.surely_available(16, 1, 32));
    EXPECT_FALSE(runs.surely_available(16, 32, 32));
}

TEST(Runs, NeverOverlapWhateverHappens) {
    std::mt19937 random(1);
    Runs runs(1024);
    std::map<uint32_t, uint32_t> taken;  // base -> end; in limbo too
    std::vector<uint32_t> committed;
    for (int step = 0; step < 5000; ++step) {
        const auto what = random() % 10;
        if (what < 6) {
            const auto count = 1 + static_cast<uint32_t>(random()) % 20;
            const auto base = runs.take(count);
            if (!base) {
                continue;
            }
            EXPECT_EQ(*base % std::bit_ceil(count), 0U);
            const auto end = *base + runs.room(*base);
            EXPECT_LE(end, 1024U);
            const auto next = taken.lower_bound(*base);
            EXPECT_TRUE(next == taken.end() || next->first >= end);
            EXPECT_TRUE(next == taken.begin() || std::prev(next)->second <= *base);
            taken[*base] = end;
            runs.keep(*base);
            committed.push_back(*base);
        } else if (what < 9 && !committed.empty()) {
            const auto at = random() % committed.size();
            runs.retire(committed[at]);
            committed.erase(committed.begin() + static_cast<std::ptrdiff_t>(at));
        } else {
            runs.drain();
            std::erase_if(taken, [&](const auto& run) {
                return std::ranges::find(committed, run.first) == committed.end();
            });
        }
    }
}

}  // namespace
}  // namespace sy::ebpf
