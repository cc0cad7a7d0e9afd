#include "backends/ipvs/drains.h"

#include <gmock/gmock.h>

#include "backends/ipvs/word.h"
#include "tests/support/plans.h"

namespace sy::ipvs {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr TimePoint kStart{1h};
const ServerKey kServer{Family::ipv4, mark_of(1)};
const EndpointAddr kA = test::endpoint("10.244.1.11:8080").address;

std::vector<Activity> busy(uint32_t active, uint32_t inactive) {
    return {{{kServer, kA, 0}, active, inactive}};
}

TEST(Drains, ADestinationGoesWithItsLastConnection) {
    Drains drains;
    drains.begin(kServer, kA, kStart);
    EXPECT_THAT(drains.servers(), ElementsAre(kServer));
    EXPECT_THAT(drains.settle(busy(1, 0), kStart + 1s), IsEmpty());
    EXPECT_THAT(drains.settle(busy(0, 1), kStart + 2s), IsEmpty());
    const auto changes = drains.settle(busy(0, 0), kStart + 3s);
    ASSERT_THAT(changes, SizeIs(1));
    EXPECT_EQ(changes[0].kind, Change::Kind::remove);
    EXPECT_TRUE(drains.empty());
}

TEST(Drains, ADestinationGoesAtItsBound) {
    Drains drains;
    drains.begin(kServer, kA, kStart);
    drains.begin(kServer, kA, kStart + 1min);  // is known already
    EXPECT_THAT(drains.settle(busy(1, 0), kStart + kDrainBound - 1s), IsEmpty());
    EXPECT_THAT(drains.settle(busy(1, 0), kStart + kDrainBound), SizeIs(1));
}

TEST(Drains, AServerGoesWithItsLastDestination) {
    Drains drains;
    drains.begin(kServer, kA, kStart);
    drains.close(kServer);
    EXPECT_TRUE(drains.closing_id(Family::ipv4, 1));
    EXPECT_THAT(drains.settle_servers(), IsEmpty());
    const auto changes = drains.settle({}, kStart);
    ASSERT_THAT(changes, SizeIs(2));
    EXPECT_EQ(changes[0].kind, Change::Kind::remove);
    EXPECT_EQ(changes[1].kind, Change::Kind::remove_server);
    EXPECT_FALSE(drains.closing_id(Family::ipv4, 1));
}

TEST(Drains, WhatIsWantedAgainStays) {
    Drains drains;
    drains.begin(kServer, kA, kStart);
    drains.close(kServer);
    EXPECT_TRUE(drains.stop(kServer, kA));
    EXPECT_TRUE(drains.reopen(kServer));
    EXPECT_FALSE(drains.stop(kServer, kA));
    EXPECT_TRUE(drains.empty());
}

}  // namespace
}  // namespace sy::ipvs
