// Every story in tests/cases is a test. With SWITCHYARD_UPDATE_CASES=1 in the environment the
// expectations are rewritten instead: review the difference before you commit it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/story.h"

namespace sy::test {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> story_files() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(SWITCHYARD_CASES)) {
        if (entry.path().extension() == ".story") {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    return files;
}

std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string test_name(const ::testing::TestParamInfo<fs::path>& info) {
    auto name = info.param.stem().string();
    std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

bool updating() {
    const char* wish = std::getenv("SWITCHYARD_UPDATE_CASES");
    return wish != nullptr && std::string_view(wish) == "1";
}

class Cases : public ::testing::TestWithParam<fs::path> {};

TEST_P(Cases, EndAsWritten) {
    const auto text = read(GetParam());
    auto story = parse_story(text);
    ASSERT_TRUE(story) << story.error().message();
    ASSERT_FALSE(story->steps.empty());
    const auto outcomes = play(*story);
    ASSERT_TRUE(outcomes) << outcomes.error().message();
    for (std::size_t i = 0; i < story->steps.size(); ++i) {
        auto& step = story->steps[i];
        if (!updating()) {
            EXPECT_EQ((*outcomes)[i].plan, step.plan) << "step " << step.name;
            EXPECT_EQ((*outcomes)[i].nft, step.nft) << "step " << step.name;
        }
        step.plan = (*outcomes)[i].plan;
        step.nft = (*outcomes)[i].nft;
    }
    if (updating()) {
        std::ofstream(GetParam()) << print_story(*story);
    }
}

INSTANTIATE_TEST_SUITE_P(Stories, Cases, ::testing::ValuesIn(story_files()), test_name);

TEST(Cases, AreThere) {
    EXPECT_GE(story_files().size(), 15U);
}

}  // namespace
}  // namespace sy::test
