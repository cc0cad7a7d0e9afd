#include "tests/support/story.h"

#include <gtest/gtest.h>

namespace sy::test {
namespace {

constexpr std::string_view kText = R"(What it tells.

More of it.

## step one

### apply
kind: Service
---
kind: Node

### plan
Service default/web

## step two

### delete
Service default/web

### plan
unchanged

### nft
+ ip frontends { }
)";

TEST(Story, IsReadIntoSteps) {
    const auto story = parse_story(kText);
    ASSERT_TRUE(story);
    EXPECT_EQ(story->preamble, "What it tells.\n\nMore of it.\n");
    ASSERT_EQ(story->steps.size(), 2U);
    EXPECT_EQ(story->steps[0], (StoryStep{"one", "kind: Service\n---\nkind: Node\n", "",
                                          "Service default/web\n", ""}));
    EXPECT_EQ(story->steps[1], (StoryStep{"two", "", "Service default/web\n", "unchanged\n",
                                          "+ ip frontends { }\n"}));
}

TEST(Story, PrintsAsItWasRead) {
    EXPECT_EQ(print_story(*parse_story(kText)), kText);
}

TEST(Story, RefusesWhatWouldBeOverlooked) {
    EXPECT_FALSE(parse_story("## step one\n### aply\n"));
    EXPECT_FALSE(parse_story("### apply\n"));
    EXPECT_FALSE(parse_story("## step one\nkind: Service\n"));
}

TEST(Play, RefusesToDeleteWhatItDoesNotKnow) {
    for (const auto* line : {"Pod default/web", "Service web", "Node default/n", "Service"}) {
        EXPECT_FALSE(play({"", {{"one", "", line, "", ""}}})) << line;
    }
    EXPECT_TRUE(play({"", {{"one", "", "Service default/web\nNode n", "", ""}}}));
}

}  // namespace
}  // namespace sy::test
