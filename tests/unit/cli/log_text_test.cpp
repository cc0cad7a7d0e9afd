#include "cli/log_text.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

using namespace std::string_literals;

TEST(Printable, KeepsWhatAPersonCanRead) {
    EXPECT_EQ(printable("Service default/web: \"ok\" \\ 100 %"),
              "Service default/web: \"ok\" \\ 100 %");
    EXPECT_EQ(printable("gr\u00fc\u00dfe \u65e5\u672c \U0001f600"),
              "gr\u00fc\u00dfe \u65e5\u672c \U0001f600");
}

TEST(Printable, LetsNothingThroughThatMovesACursorOrMakesALine) {
    EXPECT_EQ(printable("a\nb\rc\td"), "a\\nb\\x0dc\\x09d");
    EXPECT_EQ(printable("\x1b[2J"), "\\x1b[2J");
    EXPECT_EQ(printable("nul\0!"s), "nul\\x00!");
    EXPECT_EQ(printable("\x7f"), "\\x7f");
    EXPECT_EQ(printable("\u009b31m"), "\\xc2\\x9b31m") << "the 8-bit escape";
    EXPECT_EQ(printable("\u202e"), "\\xe2\\x80\\xae") << "turns the direction of writing";
    EXPECT_EQ(printable("\u2028"), "\\xe2\\x80\\xa8");
}

TEST(Printable, ShowsBrokenUtf8ByteByByte) {
    EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
    EXPECT_EQ(printable("\xc3"), "\\xc3") << "cut short";
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "too long a form";
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
}

TEST(JsonEscaped, StandsBetweenQuotes) {
    EXPECT_EQ(json_escaped("say \"hi\" \\ \n"), "say \\\"hi\\\" \\\\ \\\\n");
}

}  // namespace
}  // namespace sy
