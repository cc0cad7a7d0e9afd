#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace sy::lab {
namespace {

TEST(TempFolder, WritesAndGoesAway) {
    std::filesystem::path path;
    {
        const TempFolder folder;
        path = folder.path();
        EXPECT_EQ(folder.write("token", "abc"), (path / "token").string());
        EXPECT_EQ(folder.write("token", "def"), (path / "token").string());
        std::ifstream file(path / "token");
        EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "def");
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace sy::lab
