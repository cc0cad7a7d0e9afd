#include "os/instance_lock.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

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

TEST_F(InstanceLockTest, WhatAKilledHolderHasStartedIsWaitedFor) {
    std::array<int, 2> ready{};
    ASSERT_EQ(pipe(ready.data()), 0);
    const pid_t holder = fork();
    if (holder == 0) {
        const auto lock = InstanceLock::take(folder_);
        if (fork() == 0) {
            // Has inherited the lock and keeps it for a while.
            usleep(200'000);
            _exit(0);
        }
        (void)!write(ready[1], "", 1);
        pause();
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    kill(holder, SIGKILL);
    ASSERT_EQ(waitpid(holder, nullptr, 0), holder);
    EXPECT_TRUE(InstanceLock::take(folder_));
    close(ready[0]);
    close(ready[1]);
}

TEST_F(InstanceLockTest, LeavesNothingBehindWhenRemoved) {
    auto lock = InstanceLock::take(folder_);
    ASSERT_TRUE(lock);
    lock->remove();
    EXPECT_FALSE(std::filesystem::exists(folder_));
    EXPECT_TRUE(InstanceLock::take(folder_));
}

TEST_F(InstanceLockTest, OneOwnerPerPlaceByWhateverPath) {
    const auto place = folder_ / "place";
    std::filesystem::create_directories(place);
    std::filesystem::create_symlink(place, folder_ / "link");
    std::filesystem::create_directories(folder_ / "other");
    auto first = InstanceLock::take_for(place, folder_);
    ASSERT_TRUE(first) << first.error().message();
    const auto second = InstanceLock::take_for(folder_ / "link", folder_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message(), "another switchyard (process " + std::to_string(getpid()) +
                                            ") is at work with " + (folder_ / "link").string());
    EXPECT_EQ(second.error().code, 0);
    EXPECT_TRUE(InstanceLock::take_for(folder_ / "other", folder_));
    EXPECT_TRUE(InstanceLock::take_for(place, folder_, "watcher")) << "another role";
    EXPECT_TRUE(InstanceLock::take(folder_)) << "a namespace is no place";
    first->remove();
    EXPECT_TRUE(InstanceLock::take_for(place, folder_));
}

TEST_F(InstanceLockTest, APlaceNeedNotExist) {
    const auto first = InstanceLock::take_for(folder_ / "a/b", folder_);
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_TRUE(InstanceLock::take_for(folder_ / "a-b", folder_));
    EXPECT_TRUE(InstanceLock::take_for(folder_ / "a", folder_));
    EXPECT_FALSE(InstanceLock::take_for(folder_ / "a/./b", folder_));
}

TEST_F(InstanceLockTest, AFolderThatCannotBeMadeIsAnError) {
    EXPECT_FALSE(InstanceLock::take("/proc/no/such/place"));
}

}  // namespace
}  // namespace sy
