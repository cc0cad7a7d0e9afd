#include "os/sysctl.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>

namespace sy {
namespace {

class SysctlTest : public testing::Test {
  protected:
    SysctlTest() { std::filesystem::create_directories(root_ / "net"); }
    ~SysctlTest() override { std::filesystem::remove_all(root_); }

    std::filesystem::path root_ = testing::TempDir() + "sysctl-" + std::to_string(getpid());
    Sysctl sysctl_{root_};
};

TEST_F(SysctlTest, ReadsWhatItWrote) {
    std::ofstream(root_ / "net/value") << "123456\n";
    EXPECT_EQ(sysctl_.read("net/value"), 123456U);
    ASSERT_TRUE(sysctl_.write("net/value", 7));
    EXPECT_EQ(sysctl_.read("net/value"), 7U);
}

TEST_F(SysctlTest, NamesTheSettingThatFailed) {
    EXPECT_EQ(sysctl_.read("net/none").error().code, ENOENT);
    EXPECT_EQ(sysctl_.write("net/none", 1).error().on, "net/none");
    std::ofstream(root_ / "net/word") << "high\n";
    EXPECT_FALSE(sysctl_.read("net/word"));
}

}  // namespace
}  // namespace sy
