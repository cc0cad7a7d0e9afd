#include "config/write_config.h"

#include <gmock/gmock.h>
#include <simdjson.h>

#include <fstream>
#include <iterator>

#include "config/read_config.h"

namespace sy {
namespace {

std::string golden() {
    std::ifstream file(SWITCHYARD_CONFIGS "/defaults.golden.yaml");
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(WriteConfig, DefaultsAsAFile) {
    EXPECT_EQ(to_yaml(complete({}, "nftables")), golden());
}

TEST(WriteConfig, OddTextsAreReadBackAsTheyWere) {
    for (const char* name :
         {"yes",         "null",       "5",      "1e3", "-",    "a: b", "#x",  "\"q\"",
          "back\\slash", "two\nlines", "\u00fc", "~",   "0x1f", "[a]",  "{a}", "*a",
          "&a",          "!t",         "%d",     "@a",  " a ",  "...",  "---"}) {
        auto config = complete({}, "nftables");
        config.hostname_override = name;
        config.switchyard.manifests = {name, "b"};
        config.feature_gates = {{name, true}};
        const auto again = read_config(to_yaml(config), "f");
        EXPECT_THAT(again.errors, testing::IsEmpty()) << name;
        EXPECT_EQ(field_texts(again.config), field_texts(config)) << name;
    }
}

TEST(WriteConfig, JsonIsTheSame) {
    const auto config = complete({}, "nftables");
    const auto json = to_json(config);
    simdjson::dom::parser parser;
    EXPECT_EQ(parser.parse(json).error(), simdjson::SUCCESS);
    EXPECT_EQ(field_texts(read_config(json, "f").config), field_texts(config));
}

TEST(WriteConfig, WhatIsNotGivenIsLeftOut) {
    EXPECT_THAT(to_yaml({}), testing::Not(testing::HasSubstr("bindAddress:")));
    EXPECT_THAT(to_yaml({}), testing::HasSubstr("mode: \"\"\n"));
}

}  // namespace
}  // namespace sy
