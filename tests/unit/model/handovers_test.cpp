#include "model/handovers.h"

#include <gmock/gmock.h>

#include "build.h"

namespace sy {
namespace {

using namespace test;
using Owners = std::vector<Handovers::Owner>;

class HandoversTest : public ::testing::Test {
  protected:
    const ServiceName a{"default", "a"};
    const ServiceName b{"default", "b"};
    const ServiceName c{"default", "c"};
    const FrontendKey key{ip("192.0.2.1"), Protocol::tcp, Port(80)};
    const FrontendKey other_key{ip("192.0.2.1"), Protocol::tcp, Port(81)};

    Handovers handovers;
};

TEST_F(HandoversTest, BothSidesKnowEachOther) {
    handovers.passed(&a, &b);
    handovers.passed(&a, &a);
    EXPECT_EQ(handovers.extract_partners(&b), Owners{&a});
    EXPECT_EQ(handovers.extract_partners(&b), Owners{});
    EXPECT_EQ(handovers.extract_partners(&a), Owners{&b});
    EXPECT_TRUE(handovers.empty());
}

TEST_F(HandoversTest, WhatWasFreedBeforeTheTakeIsHandedOver) {
    handovers.freed(key, &a);
    handovers.acquired(other_key, &c);
    handovers.acquired(key, &b);
    EXPECT_EQ(handovers.extract_partners(&b), Owners{&a});
    EXPECT_EQ(handovers.extract_partners(&c), Owners{});
}

TEST_F(HandoversTest, WhatWasFreedAndTakenIsForgotten) {
    handovers.freed(key, &a);
    handovers.extract_partners(&a);
    handovers.acquired(key, &b);
    EXPECT_TRUE(handovers.empty());
}

TEST_F(HandoversTest, SeveralHandsInOneBatch) {
    handovers.freed(key, &a);
    handovers.acquired(key, &b);
    handovers.freed(key, &b);
    handovers.acquired(key, &c);
    EXPECT_THAT(handovers.extract_partners(&c), ::testing::UnorderedElementsAre(&a, &b));
}

}  // namespace
}  // namespace sy
