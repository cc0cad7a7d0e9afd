#include "source/json_path.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

TEST(JsonPathTest, Text) {
    EXPECT_EQ(to_string(JsonPath{}), "");
    EXPECT_EQ(to_string(JsonPath{"spec", "ports", std::size_t{1}, "port"}), "spec.ports[1].port");
    EXPECT_EQ(to_string(JsonPath{"labels", "a.b/c"}), "labels[\"a.b/c\"]");
    EXPECT_EQ(to_string(JsonPath{std::string(1000, 'k')}).size(), 64 + std::string("…").size());
}

TEST(JsonPathTest, FindsTheLineOfAValue) {
    constexpr std::string_view kJson = R"({"a": [1,
 {"b": "x\"]}",
  "c":
    [true]}],
 "d": 2})";
    const auto line = [&](const JsonPath& path) {
        return line_at(kJson, json_offset(kJson, path));
    };
    EXPECT_EQ(line({}), 1U);
    EXPECT_EQ(line({"a", std::size_t{1}, "b"}), 2U);
    EXPECT_EQ(line({"a", std::size_t{1}, "c", std::size_t{0}}), 4U);
    EXPECT_EQ(line({"d"}), 5U);
    // What is not there is reported where it should be.
    EXPECT_EQ(line({"a", std::size_t{1}, "missing"}), 2U);
    EXPECT_EQ(line({"a", std::size_t{9}}), 1U);
    EXPECT_EQ(json_offset("", {"a"}), 0U);
}

TEST(JsonPathTest, FindsTheFirstFault) {
    for (const auto* good : {"{}", " [1, -0.5e+3, \"\\u00e9\", null, true, false] ", "0", "\"\""}) {
        EXPECT_FALSE(json_fault(good)) << good;
    }
    const std::pair<const char*, std::size_t> bad[] = {
        {"", 0},          {"{", 1},     {"{\"a\" 1}", 5}, {"{\"a\":1,}", 7}, {"[1 2]", 3},
        {"{} {}", 3},     {"01", 2},    {"tru", 0},       {"\"a", 2},        {"\"\\x\"", 2},
        {"\"\\u12\"", 5}, {"{a:1}", 1}, {"1.", 2},        {"1e", 2},         {"\"\n\"", 1},
    };
    for (const auto& [text, offset] : bad) {
        const auto fault = json_fault(text);
        ASSERT_TRUE(fault) << text;
        EXPECT_EQ(fault->offset, offset) << text << ": " << fault->reason;
    }
    EXPECT_TRUE(json_fault(std::string(1'000'000, '[')));
}

TEST(JsonPathTest, FindsWhereAValueEnds) {
    EXPECT_EQ(json_value_end(" {\"a\":[]} {"), 9U);
    EXPECT_EQ(json_value_end("{"), std::nullopt);
    EXPECT_EQ(json_value_end(" \n"), std::nullopt);
}

TEST(JsonPathTest, CutsAtCharacters) {
    EXPECT_EQ(cut("abc", 3), "abc");
    EXPECT_EQ(cut("abcd", 3), "abc…");
    EXPECT_EQ(cut("ab€", 3), "ab…");
}

}  // namespace
}  // namespace sy
