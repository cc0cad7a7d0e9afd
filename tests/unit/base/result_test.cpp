#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace sy {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) {
        return fail("cannot halve", std::to_string(number), ERANGE);
    }
    return number / 2;
}

TEST(Result, IsAValueOrSaysWhatFailedOnWhatAndWhy) {
    EXPECT_EQ(half(4), 2);
    const auto failed = half(5);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), (Error{"cannot halve", "5", ERANGE}));
    EXPECT_EQ(failed.error().message(), "5: cannot halve: Numerical result out of range");
}

TEST(Error, LeavesOutWhatDoesNotApply) {
    EXPECT_EQ((Error{"no such field", {}, 0}).message(), "no such field");
    EXPECT_EQ((Error{"no such field", "a.yaml", 0}).message(), "a.yaml: no such field");
    EXPECT_EQ((Error{"open", {}, ENOENT}).message(), "open: No such file or directory");
}

}  // namespace
}  // namespace sy
