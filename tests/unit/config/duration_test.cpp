#include "config/duration.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsGoNotation) {
    EXPECT_EQ(parse_duration("0"), 0ns);
    EXPECT_EQ(parse_duration("0s"), 0ns);
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("1s"), 1s);
    EXPECT_EQ(parse_duration("1m30s"), 90s);
    EXPECT_EQ(parse_duration("1.5h"), 90min);
    EXPECT_EQ(parse_duration("24h0m0s"), 24h);
    EXPECT_EQ(parse_duration("3us"), 3us);
    EXPECT_EQ(parse_duration("3\u00b5s"), 3us);
    EXPECT_EQ(parse_duration("7ns"), 7ns);
    EXPECT_EQ(parse_duration(".5s"), 500ms);
}

TEST(ParseDuration, RefusesEverythingElse) {
    for (const char* text : {"", "1", "s", "-1s", "+1s", "1 s", "1s ", "1d", "1e3s", "1..5s", "1s1",
                             "nan", "infs", "99999999999999h", "0x1s"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(DurationText, IsReadBack) {
    for (const char* text : {"0s", "1ns", "3us", "500ms", "1ms", "30s", "1.5s", "1m0s", "1m30s",
                             "15m0s", "24h0m0s", "1h0m0.000000001s"}) {
        const auto read = parse_duration(text);
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(duration_text(*read), text);
    }
}

}  // namespace
}  // namespace sy
