#include "base/text.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

TEST(Printable, KeepsTextAndEscapesControlCharacters) {
    EXPECT_EQ(printable("default/wéb"), "default/wéb");
    EXPECT_EQ(printable("a\nflush ruleset\x1b[0m\x7f"), "a\\x0aflush ruleset\\x1b[0m\\x7f");
    EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
    EXPECT_EQ(printable("\xc2\x85"), "\\xc2\\x85");
}

TEST(Printable, CutsAtTheLimitBetweenCharacters) {
    EXPECT_EQ(printable("abcdef", 3), "abc…");
    EXPECT_EQ(printable("aéé", 4), "aé…");
    EXPECT_EQ(printable("abc", 3), "abc");
}

}  // namespace
}  // namespace sy
