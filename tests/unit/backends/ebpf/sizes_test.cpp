#include "backends/ebpf/sizes.h"

#include <gtest/gtest.h>

#include <bit>

namespace sy::ebpf {
namespace {

const EbpfSettings kDefaults;

TEST(Sizes, SmallClustersStartSmall) {
    const auto sizes = starting_sizes(5, kDefaults);
    EXPECT_EQ(sizes.frontends4, 1024U);
    EXPECT_EQ(sizes.services, 1024U);
    EXPECT_EQ(sizes.slots, 4096U);
    EXPECT_EQ(sizes.clients, kDefaults.affinity_clients);
}

TEST(Sizes, ALargeClusterNeedsNoGrowthInItsFirstPass) {
    const Needs needs{.frontends4 = 30000,
                      .frontends6 = 0,
                      .services = 30001,
                      .slots = 120000,
                      .endpoints4 = 90001,
                      .endpoints6 = 0,
                      .clients = 0};
    EXPECT_TRUE(fits(needs, starting_sizes(30000, kDefaults)));
}

TEST(Sizes, NeverBeyondTheLimits) {
    EbpfSettings limits;
    limits.max_frontends = 500;
    limits.max_services = 300;
    limits.max_endpoints = 1000;
    const auto sizes = starting_sizes(1'000'000, limits);
    EXPECT_EQ(sizes.frontends4, 500U);
    EXPECT_EQ(sizes.services, 300U);
    EXPECT_EQ(sizes.endpoints4, 1000U);
    EXPECT_EQ(sizes.slots, 1024U);  // the power of two that has room for the limit
    EXPECT_EQ(grown(sizes,
                    {.frontends4 = 501,
                     .frontends6 = 0,
                     .services = 301,
                     .slots = 1025,
                     .endpoints4 = 1001,
                     .endpoints6 = 0,
                     .clients = 0},
                    limits),
              sizes);
}

TEST(Sizes, OnlyWhatIsTooSmallGrows) {
    const auto sizes = starting_sizes(0, kDefaults);
    Needs needs;
    needs.services = sizes.services + 1;
    EXPECT_FALSE(fits(needs, sizes));
    const auto larger = grown(sizes, needs, kDefaults);
    EXPECT_TRUE(fits(needs, larger));
    EXPECT_EQ(larger.services, std::bit_ceil(2 * needs.services));
    EXPECT_EQ(larger.frontends4, sizes.frontends4);
    EXPECT_EQ(larger.slots, sizes.slots);
    EXPECT_EQ(grown(larger, needs, kDefaults), larger);
}

TEST(Sizes, SlotsAreAPowerOfTwo) {
    EbpfSettings limits;
    limits.max_endpoints = 3'000'000;
    EXPECT_EQ(slots_limit(limits), 1U << 22);
    limits.max_endpoints = 0;
    EXPECT_TRUE(std::has_single_bit(slots_limit(limits)));
}

}  // namespace
}  // namespace sy::ebpf
