#include "backends/ebpf/pools.h"

#include <gmock/gmock.h>

#include "tests/support/plans.h"

namespace sy::ebpf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const EndpointAddr kA = test::endpoint("10.0.0.1:80").address;
const EndpointAddr kB = test::endpoint("[fd00::1]:80").address;

EbpfSettings small() {
    EbpfSettings limits;
    limits.max_services = 3;
    limits.max_endpoints = 4;
    return limits;
}

Book::Stage stage(std::vector<Entry> remove, std::vector<Entry> add) {
    Book::Stage result;
    for (const auto& entry : remove) {
        result.remove.push_back({entry, 0});
    }
    for (const auto& entry : add) {
        result.add.push_back({entry, 0});
    }
    return result;
}

TEST(Pools, WhatAStageAddsIsInUseAndTheRestIsFree) {
    Pools pools(small());
    const auto id = *pools.take_id();
    const auto base = *pools.take_run(2);
    const auto index = *pools.intern(kA);
    (void)pools.take_id();
    (void)pools.intern(kB);
    pools.settle(
        stage({}, {Entry::service(id, sy_service_word(base, 2, 0)), Entry::endpoint(index, kA)}));
    EXPECT_EQ(pools.ids().in_use(), 1U);
    EXPECT_EQ(pools.runs().in_use(), 2U);
    EXPECT_EQ(pools.endpoints(Family::ipv4).indexes().in_use(), 1U);
    EXPECT_EQ(pools.endpoints(Family::ipv6).indexes().in_use(), 0U);
    EXPECT_EQ(pools.limbo(), 0U);
}

TEST(Pools, AServiceThatOnlyChangesKeepsWhatItHas) {
    Pools pools{EbpfSettings{}};
    const auto id = *pools.take_id();
    const auto base = *pools.take_run(2);
    const auto two = Entry::service(id, sy_service_word(base, 2, 0));
    const auto one = Entry::service(id, sy_service_word(base, 1, 0));
    pools.settle(stage({}, {two}));
    pools.settle(stage({two}, {one}));
    EXPECT_THAT(pools.drain(), IsEmpty());
    EXPECT_TRUE(pools.ids().committed(id));
    EXPECT_EQ(pools.room(base), 2U);

    const auto next = *pools.take_run(4);
    pools.settle(stage({one}, {Entry::service(id, sy_service_word(next, 3, 0))}));
    EXPECT_THAT(pools.drain(), IsEmpty());
    EXPECT_EQ(pools.room(base), 0U);
    EXPECT_EQ(pools.room(next), 4U);
}

TEST(Pools, WhatAStageRemovesWaits) {
    Pools pools(small());
    const auto id = *pools.take_id();
    const auto base = *pools.take_run(4);
    const auto service = Entry::service(id, sy_service_word(base, 4, 0));
    pools.settle(stage({}, {service}));
    pools.settle(stage({service}, {}));
    EXPECT_EQ(pools.limbo(), 2U);
    const Sizes sizes{.frontends4 = 1,
                      .frontends6 = 1,
                      .services = 3,
                      .slots = 4,
                      .endpoints4 = 4,
                      .endpoints6 = 4,
                      .clients = 1};
    EXPECT_TRUE(pools.covers({.ids = 1, .slots = 0, .longest = 1, .endpoints = {}}, sizes));
    EXPECT_FALSE(pools.covers({.ids = 2, .slots = 0, .longest = 1, .endpoints = {}}, sizes));
    EXPECT_FALSE(pools.covers({.ids = 1, .slots = 1, .longest = 1, .endpoints = {}}, sizes));
    EXPECT_THAT(pools.drain(), ElementsAre(id));
    EXPECT_TRUE(pools.covers({.ids = 2, .slots = 4, .longest = 4, .endpoints = {}}, sizes));
}

TEST(Pools, ErrorsNameTheMapItsFillAndTheFlag) {
    Pools pools(small());
    (void)pools.take_run(4);
    const auto full = pools.take_run(1);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, kPoolFull);
    EXPECT_THAT(
        full.error().what,
        HasSubstr("slots is full: 4 elements in use, the limit is 4 (--ebpf-max-endpoints)"));
}

TEST(Pools, ReleaseTakesBackOneService) {
    Pools pools(small());
    const auto first = *pools.take_id();
    const auto mark = pools.mark();
    const auto second = *pools.take_id();
    (void)pools.take_run(4);
    (void)pools.intern(kA);
    pools.release(mark);
    EXPECT_EQ(pools.ids().in_use(), 1U);
    EXPECT_EQ(pools.runs().in_use(), 0U);
    EXPECT_EQ(*pools.take_id(), second);
    EXPECT_NE(first, second);
}

}  // namespace
}  // namespace sy::ebpf
