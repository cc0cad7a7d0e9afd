#include "source/yaml.h"

#include <gmock/gmock.h>

#include <vector>

#include "source/json_path.h"
#include "source/yaml_scalar.h"

namespace sy {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<YamlDocument> yaml_to_json(std::string_view yaml) {
    std::vector<YamlDocument> documents;
    sy::yaml_to_json(yaml,
                     [&](YamlDocument document) { documents.push_back(std::move(document)); });
    return documents;
}

// The JSON of a single document, on one line.
std::string json(std::string_view yaml) {
    const auto documents = yaml_to_json(yaml);
    if (documents.size() != 1 || !documents[0].error.empty()) {
        return documents.empty() ? "(no document)" : "error: " + documents[0].error;
    }
    auto text = documents[0].json;
    std::erase(text, '\n');
    return text;
}

TEST(YamlTest, PlainScalarsAreReadAsKubectlReadsThem) {
    const std::pair<const char*, const char*> cases[] = {
        {"true", "true"},
        {"True", "true"},
        {"yes", "true"},
        {"y", "true"},
        {"on", "true"},
        {"off", "false"},
        {"No", "false"},
        {"yEs", "\"yEs\""},
        {"null", "null"},
        {"~", "null"},
        {"NULL", "null"},
        {"nil", "\"nil\""},
        {"80", "80"},
        {"-1", "-1"},
        {"+1", "1"},
        {"0x1F", "31"},
        {"0o17", "15"},
        {"017", "15"},
        {"08", "8e+00"},
        {"0b101", "5"},
        {"1_000", "1000"},
        {"1.5", "1.5e+00"},
        {".5", "5e-01"},
        {"1e3", "1e+03"},
        {"1.2.3", "\"1.2.3\""},
        {"10.0.0.1", "\"10.0.0.1\""},
        {"-", "\"-\""},
        {"0x", "\"0x\""},
        {"18446744073709551615", "18446744073709551615"},
        {"18446744073709551616", "1.8446744073709552e+19"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"2001-01-01", "\"2001-01-01\""},
        {"fd00::1", "\"fd00::1\""},
        {"::1", "\"::1\""},
        {"1e999", "\"1e999\""},
        {"+-1", "\"+-1\""},
    };
    for (const auto& [yaml, expected] : cases) {
        EXPECT_EQ(plain_scalar_to_json(yaml), expected) << yaml;
    }
    EXPECT_EQ(plain_scalar_to_json(".inf"), std::nullopt);
    EXPECT_EQ(plain_scalar_to_json(".NaN"), std::nullopt);
}

TEST(YamlTest, QuotedAndBlockScalarsAreText) {
    EXPECT_EQ(json("a: \"80\""), R"({"a":"80"})");
    EXPECT_EQ(json("a: 'true'"), R"({"a":"true"})");
    EXPECT_EQ(json("a: |\n  80\n"), R"({"a":"80\u000a"})");
    EXPECT_EQ(json("a: ''"), R"({"a":""})");
    EXPECT_EQ(json("a: !!str 80"), R"({"a":"80"})");
    EXPECT_EQ(json("a: !!int \"80\""), R"({"a":80})");
    EXPECT_EQ(json("a: \"\\x01\\\"\\\\\""), R"({"a":"\u0001\"\\"})");
}

TEST(YamlTest, ListsAndMaps) {
    EXPECT_EQ(json("a:\n- 1\n- b: c\n  d:\n- []\n- {}\n"), R"({"a":[1,{"b":"c","d":null},[],{}]})");
    EXPECT_EQ(json("{'a': [1, \"x\", {b: null}]}"), R"({"a":[1,"x",{"b":null}]})");
    EXPECT_EQ(json("---\n[1]\n---\n"), "[1]");
    EXPECT_EQ(json(" {\"a\":\t1}\n"), " {\"a\":\t1}");
    EXPECT_EQ(json("on: 1\n2: x\n"), R"({"true":1,"2":"x"})");
}

TEST(YamlTest, EmptyDocumentsAreLeftOut) {
    EXPECT_THAT(yaml_to_json(""), IsEmpty());
    EXPECT_THAT(yaml_to_json("\n\n# nothing\n"), IsEmpty());
    EXPECT_THAT(yaml_to_json("---\n---\n# x\n---\n...\n---\n"), IsEmpty());
    EXPECT_THAT(yaml_to_json("---\na: 1\n---\n---\nb: 2\n"), SizeIs(2));
    EXPECT_THAT(yaml_to_json("%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 1\n"), SizeIs(2));
    EXPECT_EQ(json("--- {a: 1}\n"), R"({"a":1})");
    EXPECT_EQ(json("\xef\xbb\xbf---\na: 1\n"), R"({"a":1})");
    EXPECT_EQ(json("---\r\na: 1\r\nb: x\r\n"), R"({"a":1,"b":"x"})");
}

TEST(YamlTest, MarkersInsideTextAreNotMarkers) {
    EXPECT_EQ(json("a: |\n  x\n  ---\n  y\nb: '---'\n"),
              R"({"a":"x\u000a---\u000ay\u000a","b":"---"})");
    EXPECT_EQ(json("---a: 1\n"), R"({"---a":1})");
}

TEST(YamlTest, ABrokenDocumentHidesNoOther) {
    const auto documents = yaml_to_json("a: 1\n---\nb: [1\nc: 2\n---\nd: 'x\n---\ne: 3\n");
    ASSERT_THAT(documents, SizeIs(4));
    EXPECT_EQ(documents[0].json, R"({"a":1})");
    EXPECT_FALSE(documents[1].error.empty());
    EXPECT_THAT(documents[1].error_line, testing::AllOf(testing::Ge(3U), testing::Le(5U)));
    EXPECT_FALSE(documents[2].error.empty());
    EXPECT_EQ(documents[3].first_line, 7U);
    EXPECT_THAT(documents[3].json, HasSubstr(R"("e":3)"));
}

TEST(YamlTest, TextAfterTheDocumentIsAnError) {
    EXPECT_THAT(json("{a: 1}\nb\n"), HasSubstr("error"));
    EXPECT_THAT(json("[a]\n- b\n"), HasSubstr("error"));
}

TEST(YamlTest, OfDuplicateKeysTheLastMayCount) {
    std::vector<YamlDocument> documents;
    const auto keep = [&documents](YamlDocument document) { documents.push_back(document); };
    yaml_to_json("---\na: 1\nb:\n  c: 2\n  c: 3\na: {d: 4}\n", keep, DuplicateKeys::last_counts);
    yaml_to_json(R"({"a": 1, "a": 2})", keep, DuplicateKeys::last_counts);
    ASSERT_EQ(documents.size(), 2U);
    EXPECT_EQ(documents[0].json, "\n{\n\"b\":\n{\n\"c\":3},\n\"a\":{\"d\":4}}");
    ASSERT_EQ(documents[0].duplicates.size(), 2U);
    EXPECT_EQ(documents[0].duplicates[0].path, "a");
    EXPECT_EQ(documents[0].duplicates[0].line, 6U);
    EXPECT_EQ(documents[0].duplicates[1].path, "b.c");
    EXPECT_EQ(documents[0].duplicates[1].line, 5U);
    EXPECT_EQ(documents[1].json, R"({"a":2})");
    EXPECT_EQ(documents[1].duplicates.size(), 1U);
}

TEST(YamlTest, DuplicateKeysAreErrors) {
    const auto documents = yaml_to_json("x: 1\na:\n  b: 1\n  c: 2\n  b: 3\n");
    ASSERT_THAT(documents, SizeIs(1));
    EXPECT_EQ(documents[0].error, "the key \"b\" is given twice");
    EXPECT_EQ(documents[0].error_line, 5U);
}

TEST(YamlTest, OtherErrors) {
    EXPECT_THAT(json("a: .inf"), HasSubstr("error: .inf cannot be used"));
    EXPECT_THAT(json("? [a]\n: 1\n"), HasSubstr("error: a key must be"));
    EXPECT_THAT(json("a: *nobody"), HasSubstr("error"));
    EXPECT_THAT(json("a: &x [*x]"), HasSubstr("error"));
    EXPECT_THAT(json(std::string(10000, '[')), HasSubstr("error"));
    EXPECT_THAT(json("a: 1\n b: 2\n"), HasSubstr("error"));
    EXPECT_THAT(json("a: \"\\q\""), HasSubstr("error"));
}

TEST(YamlTest, TextThatIsCutOffIsAnError) {
    EXPECT_THAT(json("a: 'x\n"), HasSubstr("error"));
    EXPECT_THAT(json("a: \"x\n  y\n"), HasSubstr("error"));
    EXPECT_THAT(json("a: [1,\n"), HasSubstr("error"));
    EXPECT_THAT(json("a: 1\nspe"), HasSubstr("error: ':' is missing after a key"));
    EXPECT_THAT(json("a: 1\nspe\n"), HasSubstr("error: ':' is missing after a key"));
    EXPECT_THAT(json("a: 1\nspe\nb: 1\n"), HasSubstr("error"));
    EXPECT_THAT(json("a:\n- b: 1\n  c\n"), HasSubstr("error: ':' is missing after a key"));
    EXPECT_EQ(json("a:\nb:\n- c:\n"), R"({"a":null,"b":[{"c":null}]})");
    EXPECT_EQ(json("? a\n? b\n"), R"({"a":null,"b":null})");
    EXPECT_EQ(json("{a, b: c}"), R"({"a":null,"b":"c"})");
}

TEST(YamlTest, AnchorsAliasesAndMergeKeys) {
    EXPECT_EQ(json("a: &x {p: 1}\nb: *x\nc: [*x, *x]\n"),
              R"({"a":{"p":1},"b":{"p":1},"c":[{"p":1},{"p":1}]})");
    EXPECT_EQ(json("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n"),
              R"({"a":{"p":1,"q":2},"b":{"q":3,"p":1}})");
    EXPECT_EQ(json("a: &x {p: 1}\nb: &y {p: 2, r: 4}\nc:\n  <<: [*x, *y]\n"),
              R"({"a":{"p":1},"b":{"p":2,"r":4},"c":{"p":1,"r":4}})");
    EXPECT_EQ(json("\"<<\": 1"), R"({"<<":1})");
    EXPECT_THAT(json("<<: 1"), HasSubstr("error: << needs a map"));
}

TEST(YamlTest, ABillionLaughsAreCutShort) {
    std::string yaml = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
    std::string merges = "m0: &m0 {k: 1}\n";
    for (int i = 1; i < 12; ++i) {
        const auto above = "*a" + std::to_string(i - 1);
        const auto merged = "*m" + std::to_string(i - 1);
        yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        merges += "m" + std::to_string(i) + ": &m" + std::to_string(i) + " {<<: [";
        for (int j = 0; j < 9; ++j) {
            yaml += (j == 0 ? "" : ", ") + above;
            merges += (j == 0 ? "" : ", ") + merged;
        }
        yaml += "]\n";
        merges += "]}\n";
    }
    EXPECT_THAT(json(yaml), HasSubstr("error: aliases make this document too large"));
    EXPECT_THAT(json(merges), HasSubstr("too large"));
}

TEST(YamlTest, ValuesStayOnTheirLines) {
    constexpr std::string_view kStream =
        "# first\n---\nx: 0\n---\n"
        "kind: Service\n"
        "base: &base {port: 1}\n"
        "text: |\n  one\n  two\n"
        "spec:\n"
        "  ports:\n"
        "  - name: a\n"
        "    <<: *base\n"
        "\n"
        "  - name: b\n"
        "    port: 70000\n";
    const auto documents = yaml_to_json(kStream);
    ASSERT_THAT(documents, SizeIs(2));
    const auto& document = documents[1];
    const auto line = [&](const JsonPath& path) {
        return document.first_line - 1 + line_at(document.json, json_offset(document.json, path));
    };
    EXPECT_EQ(line({"kind"}), 5U);
    EXPECT_EQ(line({"text"}), 7U);
    EXPECT_EQ(line({"spec", "ports", std::size_t{0}, "name"}), 12U);
    EXPECT_EQ(line({"spec", "ports", std::size_t{1}, "port"}), 16U);
}

}  // namespace
}  // namespace sy
