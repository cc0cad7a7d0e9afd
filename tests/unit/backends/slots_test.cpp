#include "backends/slots.h"

#include <gmock/gmock.h>

#include "tests/support/plans.h"

namespace sy {
namespace {

using test::endpoint;
using testing::UnorderedElementsAre;

const EndpointAddr kA = endpoint("10.0.0.1:80").address;
const EndpointAddr kB = endpoint("10.0.0.2:80").address;
const EndpointAddr kC = endpoint("10.0.0.3:80").address;
const EndpointAddr kD = endpoint("10.0.0.4:80").address;

TEST(AssignDense, StartsInOrder) {
    EXPECT_THAT(assign_dense({kA, kB}, {}, 0), UnorderedElementsAre(Slot{0, kA}, Slot{1, kB}));
}

TEST(AssignDense, AReplacedEndpointIsOneSlot) {
    EXPECT_THAT(assign_dense({kA, kC, kD}, {{0, kA}, {1, kB}, {2, kC}}, 0),
                UnorderedElementsAre(Slot{0, kA}, Slot{1, kD}, Slot{2, kC}));
}

TEST(AssignDense, TheLastSlotMovesIntoTheHole) {
    EXPECT_THAT(assign_dense({kB, kC}, {{0, kA}, {1, kB}, {2, kC}}, 0),
                UnorderedElementsAre(Slot{0, kC}, Slot{1, kB}));
}

TEST(AssignDense, ANewcomerTakesTheNextSlot) {
    EXPECT_THAT(assign_dense({kA, kB, kC}, {{0, kB}, {1, kC}}, 0),
                UnorderedElementsAre(Slot{0, kB}, Slot{1, kC}, Slot{2, kA}));
}

TEST(AssignDense, SurvivesNonsenseFromTheKernel) {
    EXPECT_THAT(assign_dense({kA, kB}, {{7, kA}, {7, kB}, {0, kD}}, 0),
                UnorderedElementsAre(Slot{0, kA}, Slot{1, kB}));
}

TEST(AssignStable, KeepsNumbersWhateverGoes) {
    EXPECT_THAT(assign_stable({kC, kD}, {{1, kA}, {2, kB}, {3, kC}}, 1, 1023),
                UnorderedElementsAre(Slot{3, kC}, Slot{1, kD}));
    EXPECT_TRUE(assign_stable({kA, kB, kC}, {}, 1, 2).empty());
}

}  // namespace
}  // namespace sy
