#include "backends/nftables/numbers.h"

#include <gmock/gmock.h>

#include "backends/nftables/word.h"

namespace sy::nft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kV4 = Family::ipv4;

TEST(NumberPool, GivesIdsPerFamilyAndReusesThemLast) {
    NumberPool numbers;
    EXPECT_EQ(numbers.new_id(kV4), 1U);
    EXPECT_EQ(numbers.new_id(kV4), 2U);
    EXPECT_EQ(numbers.new_id(Family::ipv6), 1U);
    numbers.keep_id(kV4, 1);
    numbers.keep_id(kV4, 2);
    numbers.release_id(kV4, 1);
    EXPECT_EQ(numbers.new_id(kV4), 3U);
}

TEST(NumberPool, RunsOutOfIdsAndRecovers) {
    NumberPool numbers;
    for (uint32_t id = 1; id <= kMaxId; ++id) {
        numbers.reserve_id(kV4, id);
    }
    EXPECT_FALSE(numbers.new_id(kV4));
    numbers.release_id(kV4, 77);
    EXPECT_EQ(numbers.new_id(kV4), 77U);
    numbers.release_provisional();
    EXPECT_EQ(numbers.new_id(kV4), 77U) << "an id that was not kept is free again";
}

TEST(NumberPool, FixedPicksAreTheirCountOthersAreAssigned) {
    NumberPool numbers;
    EXPECT_EQ(numbers.class_for(kV4, 3, 0), 3U);
    EXPECT_EQ(numbers.class_for(kV4, 511, 0), 511U);
    EXPECT_EQ(numbers.class_for(kV4, 512, 0), 0x200U);
    EXPECT_EQ(numbers.class_for(kV4, 3, 10800), 0x201U);
    EXPECT_EQ(numbers.class_for(kV4, 3, 10800), 0x201U);
    EXPECT_EQ(numbers.pending(kV4).size(), 4U);
    numbers.mark_written(kV4);
    EXPECT_THAT(numbers.pending(kV4), IsEmpty());
    EXPECT_EQ(numbers.classes(kV4).size(), 4U);
}

TEST(NumberPool, UnusedClassesMakeRoom) {
    NumberPool numbers;
    for (uint32_t number = kFirstAssignedClass; number <= kLastAssignedClass; ++number) {
        EXPECT_TRUE(numbers.class_for(kV4, 2, number));
    }
    numbers.mark_written(kV4);
    EXPECT_FALSE(numbers.class_for(kV4, 2, 5));
    EXPECT_TRUE(numbers.out_of_classes(kV4));
    std::set<uint32_t> in_use;
    for (uint32_t number = kFirstAssignedClass + 1; number <= kLastAssignedClass; ++number) {
        in_use.insert(number);
    }
    EXPECT_THAT(numbers.drop_unused(kV4, in_use), ElementsAre(ClassDef{0x200, 2, 0x200}));
    EXPECT_EQ(numbers.class_for(kV4, 2, 5), 0x200U);
}

}  // namespace
}  // namespace sy::nft
