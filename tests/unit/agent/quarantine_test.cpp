#include "agent/quarantine.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kStart{1h};
const ServiceName kA{"default", "a"};
const ServiceName kB{"default", "b"};
const Error kFull{.what = "add element", .on = "services", .code = 28};
const Error kOdd{.what = "add element", .on = "services", .code = 22};

TEST(Quarantine, TellsOnlyNewsAndChangesOfReason) {
    Quarantine quarantine({});
    EXPECT_TRUE(quarantine.failed(kA, kFull, kStart));
    EXPECT_FALSE(quarantine.failed(kA, kFull, kStart));
    EXPECT_TRUE(quarantine.failed(kA, kOdd, kStart));
    EXPECT_TRUE(quarantine.cured(kA));
    EXPECT_FALSE(quarantine.cured(kA));
    EXPECT_TRUE(quarantine.failed(kA, kOdd, kStart));
}

TEST(Quarantine, EachServiceHasItsOwnBackoff) {
    Quarantine quarantine({.retry_first = 1s, .retry_limit = 3s});
    quarantine.failed(kA, kFull, kStart);
    quarantine.failed(kA, kFull, kStart);
    quarantine.failed(kB, kFull, kStart);
    EXPECT_EQ(quarantine.next_due(), kStart + 1s);
    EXPECT_THAT(quarantine.take_due(kStart), IsEmpty());
    EXPECT_THAT(quarantine.take_due(kStart + 1s), ElementsAre(kB));
    // A retry is on its way: not due a second time.
    EXPECT_THAT(quarantine.take_due(kStart + 1s), IsEmpty());
    EXPECT_EQ(quarantine.next_due(), kStart + 2s);
    EXPECT_THAT(quarantine.take_due(kStart + 2s), ElementsAre(kA));
    EXPECT_EQ(quarantine.next_due(), std::nullopt);
    quarantine.failed(kA, kFull, kStart + 2s);
    EXPECT_EQ(quarantine.next_due(), kStart + 5s);
}

}  // namespace
}  // namespace sy
