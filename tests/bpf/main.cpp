// One lab and one cgroup for all tests of the program. Without root nothing can run: said and
// counted as skipped.
#include <gtest/gtest.h>
#include <unistd.h>

#include <iostream>

#include "tests/bpf/hooks.h"
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
        std::cout << "SKIPPED: BPF programs need root\n";
        return kSkipped;
    }
    sy::Result<std::unique_ptr<sy::lab::Lab>> lab = sy::lab::Lab::create();
    if (!lab) {
        std::cout << "the lab cannot be built: " << lab.error().message() << "\n";
        return 1;
    }
    sy::lab::shared_lab() = std::move(*lab);
    sy::Result<sy::lab::BpfScope> scope = sy::lab::BpfScope::create();
    if (!scope || !scope->join()) {
        std::cout << "there is no cgroup to be had\n";
        return 1;
    }
    sy::bpf_test::shared_scope() = &*scope;
    const int status = RUN_ALL_TESTS();
    (void)scope->leave();
    sy::lab::shared_lab().reset();
    return status;
}
