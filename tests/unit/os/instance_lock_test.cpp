#include "os/instance_lock.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace sy {
namespace {

class InstanceLockTest : public testing::Test {
  protected:
    ~InstanceLockTest() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_ = testing::TempDir() + "lock-" + std::to_string(getpid());
};

TEST_F(InstanceLockTest, TheSecondIsToldWhoTheFirstIs) {
    auto first = InstanceLock::take(folder_);
    ASSERT_TRUE(first) << first.error().message();
    const auto second = InstanceLock::take(folder_);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message(),
                testing::HasSubstr("(process " + std::to_string(getpid()) + ")"));
}

TEST_F(InstanceLockTest, IsFreeWhenItsHolderIsGone) {
    {
        ASSERT_TRUE(InstanceLock::take(folder_));
    }
    EXPECT_TRUE(InstanceLock::take(folder_));
}

TEST_F(InstanceLockTest, LeavesNothingBehindWhenRemoved) {
    auto lock = InstanceLock::take(folder_);
    ASSERT_TRUE(lock);
    lock->remove();
    EXPECT_FALSE(std::filesystem::exists(folder_));
    EXPECT_TRUE(InstanceLock::take(folder_));
}

TEST_F(InstanceLockTest, AFolderThatCannotBeMadeIsAnError) {
    EXPECT_FALSE(InstanceLock::take("/proc/no/such/place"));
}

}  // namespace
}  // namespace sy
