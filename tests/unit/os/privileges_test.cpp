#include "os/privileges.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

namespace sy {
namespace {

/// The value of a line of /proc/self/status.
std::string status_of(const std::string& field) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(field + ":\t")) {
            return line.substr(field.size() + 2);
        }
    }
    return "?";
}

/// What is given up is gone for the process's life, so each test is a process of its own: true if
/// `check` held there.
bool in_child(const std::function<bool()>& check) {
    const pid_t child = fork();
    if (child == 0) {
        _exit(check() ? 0 : 1);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string only(int capability) {
    std::array<char, 17> text{};
    snprintf(text.data(), text.size(), "%016llx", 1ULL << static_cast<unsigned>(capability));
    return text.data();
}

TEST(KeepOnly, LeavesWhatWasAskedForAndNothingElse) {
    const bool privileged = geteuid() == 0;
    EXPECT_TRUE(in_child([&] {
        constexpr std::array kKept{CAP_NET_ADMIN};
        // Without the capability there is nothing to keep, and that is no error.
        const std::string wanted = privileged ? only(CAP_NET_ADMIN) : std::string(16, '0');
        return keep_only(kKept) && status_of("CapPrm") == wanted && status_of("CapEff") == wanted &&
               status_of("CapInh") == std::string(16, '0') && status_of("NoNewPrivs") == "1";
    }));
}

TEST(KeepOnly, ProgramsThatAreStartedGetNothingElseEither) {
    EXPECT_TRUE(in_child([] {
        constexpr std::array kKept{CAP_NET_ADMIN};
        if (!keep_only(kKept)) {
            return false;
        }
        const std::string bound = status_of("CapBnd");
        return geteuid() != 0 || bound == only(CAP_NET_ADMIN);
    }));
}

TEST(SetOomScoreAdj, WritesTheScore) {
    EXPECT_TRUE(in_child([] {
        std::string text;
        return set_oom_score_adj(1000) &&
               std::getline(std::ifstream("/proc/self/oom_score_adj"), text) && text == "1000";
    }));
}

TEST(SetOomScoreAdj, SaysWhatWentWrong) {
    const auto result = set_oom_score_adj(5000);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().on, "/proc/self/oom_score_adj");
}

}  // namespace
}  // namespace sy
