#include "backends/ebpf/endpoint_pool.h"

#include <gtest/gtest.h>

#include "tests/support/plans.h"

namespace sy::ebpf {
namespace {

const EndpointAddr kA = test::endpoint("10.0.0.1:80").address;
const EndpointAddr kB = test::endpoint("10.0.0.2:80").address;
const EndpointAddr kC = test::endpoint("10.0.0.3:80").address;

TEST(EndpointPool, OneIndexPerAddressAndPort) {
    EndpointPool pool(8);
    EXPECT_EQ(pool.intern(kA), 1U);
    EXPECT_EQ(pool.intern(kB), 2U);
    EXPECT_EQ(pool.intern(kA), 1U);
    EXPECT_EQ(pool.at(2), kB);
}

TEST(EndpointPool, ComesBackFromLimboWithItsIndex) {
    EndpointPool pool(8);
    pool.keep(*pool.intern(kA));
    pool.retire(1);
    EXPECT_EQ(pool.intern(kA), 1U);
    pool.keep(1);
    pool.drain();
    EXPECT_EQ(pool.intern(kA), 1U);
}

TEST(EndpointPool, AnIndexIsAnotherEndpointOnlyAfterTheGracePeriod) {
    EndpointPool pool(3);
    pool.keep(*pool.intern(kA));
    pool.keep(*pool.intern(kB));
    pool.retire(1);
    EXPECT_FALSE(pool.intern(kC));
    pool.drain();
    EXPECT_EQ(pool.intern(kC), 1U);
    EXPECT_FALSE(pool.intern(kA));
}

TEST(EndpointPool, WhatWasTakenInVainIsForgotten) {
    EndpointPool pool(3);
    pool.intern(kA);
    pool.release(0);
    EXPECT_EQ(pool.intern(kB), 1U);
    EXPECT_EQ(pool.intern(kA), 2U);
}

TEST(EndpointPool, AdoptsTheFirstOfSeveralWithOneAddress) {
    EndpointPool pool(10);
    pool.adopt({{2, kA}, {3, kA}, {5, kB}}, 8);
    EXPECT_EQ(pool.intern(kA), 2U);
    EXPECT_EQ(pool.intern(kB), 5U);
    pool.retire(3);
    pool.drain();
    EXPECT_EQ(pool.intern(kA), 2U);
}

}  // namespace
}  // namespace sy::ebpf
