#include "config/spelling.h"

#include <gtest/gtest.h>

#include <array>

namespace sy {
namespace {

TEST(Nearest, GuessesWhatIsNearAndNothingElse) {
    constexpr std::array<std::string_view, 3> kWords{"run", "render", "cleanup"};
    EXPECT_EQ(nearest("rnu", kWords), "run");
    EXPECT_EQ(nearest("Render", kWords), "render");
    EXPECT_EQ(nearest("clean-up", kWords), "cleanup");
    EXPECT_EQ(nearest("frobnicate", kWords), "");
    EXPECT_EQ(nearest("", kWords), "");
    EXPECT_EQ(nearest("run", {}), "");
}

}  // namespace
}  // namespace sy
