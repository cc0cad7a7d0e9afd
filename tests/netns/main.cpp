// One lab for all cases of the program. Without root nothing can run: said and counted as skipped.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <iostream>

#include "tests/support/expect.h"

namespace {
constexpr int kSkipped = 77;
}

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (testing::GTEST_FLAG(list_tests)) {
        return RUN_ALL_TESTS();
    }
    if (::geteuid() != 0) {
        std::cout << "SKIPPED: network namespaces need root\n";
        return kSkipped;
    }
    // What is mounted in here goes with this process, however it ends. Where that may not be, the
    // lab removes what it can.
    if (::unshare(CLONE_NEWNS) == 0) {
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    }
    sy::Result<std::unique_ptr<sy::lab::Lab>> lab = sy::lab::Lab::create();
    if (!lab) {
        std::cout << "the lab cannot be built: " << lab.error().message() << "\n";
        return 1;
    }
    sy::lab::shared_lab() = std::move(*lab);
    const int status = RUN_ALL_TESTS();
    sy::lab::shared_lab().reset();
    return status;
}
