#include "kube/event_limits.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace sy {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const EventLimits::TimePoint kStart{seconds(1000)};

ClusterEvent event(const std::string& name, const std::string& message = "m") {
    return {.kind = "Service",
            .ns = "ns",
            .name = name,
            .severity = EventSeverity::warning,
            .reason = "R",
            .message = message};
}

TEST(TokenBucket, FillsByItself) {
    TokenBucket bucket(2, seconds(1), kStart);
    EXPECT_TRUE(bucket.take(kStart));
    EXPECT_TRUE(bucket.take(kStart));
    EXPECT_FALSE(bucket.take(kStart));
    EXPECT_FALSE(bucket.take(kStart + milliseconds(900)));
    const auto wait = bucket.wait(kStart + milliseconds(900));
    EXPECT_NEAR(std::chrono::duration<double>(wait).count(), 0.1, 1e-6);
    EXPECT_TRUE(bucket.take(kStart + milliseconds(900) + wait));
    EXPECT_FALSE(bucket.full(kStart + milliseconds(1000)));
    EXPECT_TRUE(bucket.full(kStart + seconds(5)));
    EXPECT_EQ(bucket.wait(kStart + seconds(5)), seconds(0));
}

TEST(EventLimits, TellsTheSameOnceInTenMinutesAndCounts) {
    EventLimits limits;
    EXPECT_EQ(limits.admit(event("a"), kStart), 0U);
    EXPECT_EQ(limits.admit(event("a"), kStart + minutes(1)), std::nullopt);
    EXPECT_EQ(limits.admit(event("a"), kStart + minutes(9)), std::nullopt);
    EXPECT_EQ(limits.admit(event("a"), kStart + minutes(10)), 2U);
    EXPECT_EQ(limits.admit(event("a"), kStart + minutes(20)), 0U);
}

TEST(EventLimits, AnotherEventIsAnother) {
    EventLimits limits;
    EXPECT_TRUE(limits.admit(event("a"), kStart));
    EXPECT_TRUE(limits.admit(event("b"), kStart));
    EXPECT_TRUE(limits.admit(event("a", "n"), kStart));
    auto other = event("a");
    other.reason = "S";
    EXPECT_TRUE(limits.admit(other, kStart));
    other.ns = "x";
    EXPECT_TRUE(limits.admit(other, kStart));
    other.kind = "Node";
    EXPECT_TRUE(limits.admit(other, kStart));
}

TEST(EventLimits, OneObjectHasItsShare) {
    EventLimits limits;
    int told = 0;
    for (int i = 0; i < 100; ++i) {
        told += limits.admit(event("a", std::to_string(i)), kStart) ? 1 : 0;
    }
    EXPECT_EQ(told, 25);
    EXPECT_TRUE(limits.admit(event("b"), kStart));
    EXPECT_FALSE(limits.admit(event("a", "later"), kStart + seconds(9)));
    EXPECT_TRUE(limits.admit(event("a", "later"), kStart + seconds(10)));
}

TEST(EventLimits, MemoryIsBounded) {
    EventLimits limits;
    int told = 0;
    for (int i = 0; i < 100'000; ++i) {
        told += limits.admit(event(std::to_string(i)), kStart + milliseconds(i)) ? 1 : 0;
    }
    EXPECT_EQ(told, 100'000);  // what the recorder makes of it is another matter
}

}  // namespace
}  // namespace sy
