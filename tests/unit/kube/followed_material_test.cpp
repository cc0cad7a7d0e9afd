#include "kube/followed_material.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "test_log.h"
#include "tests/support/temp_folder.h"

namespace sy {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class FollowedMaterialTest : public ::testing::Test {
  protected:
    FollowedMaterial follow(const std::string& text = "") const {
        return {Material{text, file}, "token", seconds(1)};
    }

    lab::TempFolder folder;
    std::string file = folder.path() / "token";
    TestLog log;
    FollowedMaterial::TimePoint now{seconds(1000)};
};

TEST_F(FollowedMaterialTest, ReadsTheFileAtTheFirstLook) {
    folder.write("token", "a");
    auto material = follow();
    EXPECT_EQ(material.text(), "");
    EXPECT_TRUE(material.look(now, false, log));
    EXPECT_EQ(material.text(), "a");
    EXPECT_FALSE(material.fault());
}

TEST_F(FollowedMaterialTest, LooksAtMostOncePerInterval) {
    folder.write("token", "a");
    auto material = follow();
    material.look(now, false, log);
    folder.write("token", "b");
    EXPECT_FALSE(material.look(now + std::chrono::milliseconds(999), false, log));
    EXPECT_EQ(material.text(), "a");
    EXPECT_TRUE(material.look(now + seconds(1), false, log));
    EXPECT_EQ(material.text(), "b");
    EXPECT_FALSE(material.look(now + seconds(2), false, log));
}

TEST_F(FollowedMaterialTest, ForceReadsAtOnce) {
    folder.write("token", "a");
    auto material = follow();
    material.look(now, false, log);
    EXPECT_FALSE(material.look(now, true, log));
    folder.write("token", "b");
    EXPECT_TRUE(material.look(now, true, log));
    EXPECT_EQ(material.text(), "b");
}

TEST_F(FollowedMaterialTest, KeepsTheLastGoodOneAndWarnsOnce) {
    folder.write("token", "a");
    auto material = follow();
    material.look(now, false, log);
    folder.write("token", " \n");
    for (int i = 1; i < 4; ++i) {
        EXPECT_FALSE(material.look(now + seconds(i), false, log));
    }
    EXPECT_EQ(material.text(), "a");
    EXPECT_EQ(log.lines(), 1U);
    EXPECT_THAT(log.text(), HasSubstr("token: " + file + ": is empty; the last one is used"));
    folder.write("token", "b");
    EXPECT_TRUE(material.look(now + seconds(5), false, log));
    EXPECT_EQ(material.text(), "b");
    EXPECT_FALSE(material.fault());
    EXPECT_EQ(log.lines(), 2U);
}

TEST_F(FollowedMaterialTest, AFileThatVanishesIsNoLoss) {
    folder.write("token", "a");
    auto material = follow();
    material.look(now, false, log);
    std::filesystem::remove(file);
    EXPECT_FALSE(material.look(now + seconds(1), false, log));
    EXPECT_EQ(material.text(), "a");
    EXPECT_THAT(log.text(), HasSubstr("No such file"));
}

TEST_F(FollowedMaterialTest, WithoutAFirstGoodOneItLooksEveryTime) {
    auto material = follow();
    EXPECT_FALSE(material.look(now, false, log));
    ASSERT_TRUE(material.fault());
    EXPECT_THAT(material.fault()->message(), HasSubstr(file));
    folder.write("token", "a");
    EXPECT_TRUE(material.look(now, false, log));
    EXPECT_EQ(material.text(), "a");
}

TEST_F(FollowedMaterialTest, TheGivenTextIsUsedUntilTheFileCanBeRead) {
    auto material = follow("given");
    material.look(now, false, log);
    EXPECT_EQ(material.text(), "given");
    folder.write("token", "a");
    material.look(now, false, log);
    EXPECT_EQ(material.text(), "a");
}

TEST_F(FollowedMaterialTest, FollowsALinkThatIsSwitched) {
    // As kubelet does it: token -> ..data/token, ..data -> a folder.
    folder.write("a", "a");
    folder.write("b", "b");
    std::filesystem::create_symlink("a", file);
    auto material = follow();
    material.look(now, false, log);
    std::filesystem::remove(file);
    std::filesystem::create_symlink("b", file);
    EXPECT_TRUE(material.look(now + seconds(1), false, log));
    EXPECT_EQ(material.text(), "b");
}

TEST_F(FollowedMaterialTest, NeverLogsTheText) {
    folder.write("token", "secret");
    auto material = follow();
    material.look(now, false, log);
    std::filesystem::remove(file);
    material.look(now + seconds(1), false, log);
    EXPECT_THAT(log.text(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace sy
