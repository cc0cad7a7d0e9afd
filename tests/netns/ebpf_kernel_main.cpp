// Each test has a bpffs, a cgroup and a network namespace of its own. Without root nothing can run:
// said and counted as skipped.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace {
constexpr int kSkipped = 77;
}

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (testing::GTEST_FLAG(list_tests)) {
        return RUN_ALL_TESTS();
    }
    if (::geteuid() != 0) {
        std::cout << "SKIPPED: BPF programs need root\n";
        return kSkipped;
    }
    // What is mounted in here goes with this process, however it ends.
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        std::perror("a mount namespace of our own");
        return 1;
    }
    return RUN_ALL_TESTS();
}
