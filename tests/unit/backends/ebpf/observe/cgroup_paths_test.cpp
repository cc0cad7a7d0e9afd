#include "backends/ebpf/observe/cgroup_paths.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace sy::ebpf {
namespace {

using namespace std::chrono_literals;

/// Any folders will do: a cgroup's id is the number of its folder.
class CgroupPathsTest : public testing::Test {
  protected:
    CgroupPathsTest() { make("a/b"); }
    ~CgroupPathsTest() override { std::filesystem::remove_all(root_); }

    void make(const char* path) const { std::filesystem::create_directories(root_ / path); }
    uint64_t id(const char* path) const {
        struct stat facts{};
        return stat((root_ / path).c_str(), &facts) == 0 ? facts.st_ino : 0;
    }

    std::filesystem::path root_ = testing::TempDir() + "cgroups-" + std::to_string(getpid());
    CgroupPaths::Clock::time_point now_{1h};
    CgroupPaths paths_{root_.string()};
};

TEST_F(CgroupPathsTest, FindsAllThereAre) {
    EXPECT_EQ(paths_.path_of(id("a/b"), now_), "/a/b");
    EXPECT_EQ(paths_.path_of(id("a"), now_), "/a");
    EXPECT_EQ(paths_.path_of(id(""), now_), "/");
}

TEST_F(CgroupPathsTest, LooksAgainOnceASecondAtMost) {
    EXPECT_EQ(paths_.path_of(1, now_), "");
    make("c");
    EXPECT_EQ(paths_.path_of(id("c"), now_ + 999ms), "");
    EXPECT_EQ(paths_.path_of(id("c"), now_ + 1s), "/c");
}

TEST_F(CgroupPathsTest, RemembersWhatIsGone) {
    const auto b = id("a/b");
    EXPECT_EQ(paths_.path_of(b, now_), "/a/b");
    std::filesystem::remove_all(root_ / "a");
    EXPECT_EQ(paths_.path_of(b, now_ + 5s), "/a/b");
}

TEST(CgroupPaths, WithoutAHierarchyNothingIsKnown) {
    CgroupPaths paths("/no/such/folder");
    EXPECT_EQ(paths.path_of(1, {}), "");
}

}  // namespace
}  // namespace sy::ebpf
