#include "source/timestamp.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr system_clock::time_point kNoon = sys_days(2026y / March / 1) + 12h;

TEST(Timestamp, ReadsWhatTheApiServerWrites) {
    EXPECT_EQ(parse_timestamp("2026-03-01T12:00:00Z"), kNoon);
    EXPECT_EQ(parse_timestamp("2026-03-01T12:00:00.25Z"), kNoon + 250ms);
    EXPECT_EQ(parse_timestamp("2026-03-01T12:00:00.123456789Z"), kNoon + 123456789ns);
    EXPECT_EQ(parse_timestamp("2026-03-01T12:00:00.1234567899Z"), kNoon + 123456789ns);
    EXPECT_EQ(parse_timestamp("2026-03-01T13:30:00+01:30"), kNoon);
    EXPECT_EQ(parse_timestamp("2026-03-01T04:00:00.5-08:00"), kNoon + 500ms);
    EXPECT_EQ(parse_timestamp("2024-02-29T00:00:00Z"), sys_days(2024y / February / 29));
}

TEST(Timestamp, RefusesEverythingElse) {
    for (const auto* text : {"",
                             "now",
                             "2026-03-01",
                             "2026-03-01T12:00:00",
                             "2026-03-01T12:00Z",
                             "2026-03-01T12:00:00.Z",
                             "2026-03-01T12:00:00,5Z",
                             "2026-13-01T12:00:00Z",
                             "2026-02-29T12:00:00Z",
                             "2026-03-01T24:00:00Z",
                             "2026-03-01T12:60:00Z",
                             "2026-03-01T12:00:00Z ",
                             " 2026-03-01T12:00:00Z",
                             "2026-03-01 12:00:00Z",
                             "-026-03-01T12:00:00Z",
                             "2026--3-01T12:00:00Z",
                             "2026-03-01T12:00:00+0100",
                             "2026-03-01T12:00:00+01:",
                             "9999-03-01T12:00:00Z",
                             "0001-01-01T00:00:00Z"}) {
        EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace sy
