#include "os/subprocess.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <string>

namespace sy {
namespace {

using std::chrono::milliseconds;

class RunProgram : public testing::Test {
  protected:
    RunProgram() { std::signal(SIGPIPE, SIG_IGN); }
};

TEST_F(RunProgram, GivesOutputAndStatus) {
    const auto result = run_program({.argv = {"sh", "-c", "echo out; echo err >&2; exit 3"}});
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->status, 3);
    EXPECT_EQ(result->out, "out\n");
    EXPECT_EQ(result->err, "err\n");
}

TEST_F(RunProgram, PassesArgumentsWithoutAShell) {
    const auto result = run_program({.argv = {"printf", "%s", "$(id); `id` | cat"}});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out, "$(id); `id` | cat");
}

TEST_F(RunProgram, CarriesMoreThanAPipeHoldsBothWays) {
    const std::string input(3U << 20U, 'x');
    const auto result = run_program({.argv = {"cat"}, .input = input});
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_TRUE(result->out == input);
}

TEST_F(RunProgram, AProgramMayIgnoreItsInput) {
    const auto result = run_program({.argv = {"true"}, .input = std::string(1U << 20U, 'x')});
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->status, 0);
}

TEST_F(RunProgram, WithoutInputReadsNothing) {
    const auto result = run_program({.argv = {"cat"}});
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->out, "");
}

TEST_F(RunProgram, AddsToTheEnvironment) {
    const auto result = run_program({.argv = {"sh", "-c", "echo $HOME $SWITCHYARD_TEST"},
                                     .environment = {"HOME=/elsewhere", "SWITCHYARD_TEST=1"}});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out, "/elsewhere 1\n");
}

TEST_F(RunProgram, SaysThatThereIsNoSuchProgram) {
    const auto result = run_program({.argv = {"no-such-program-anywhere"}});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ENOENT);
    EXPECT_EQ(result.error().on, "no-such-program-anywhere");
}

TEST_F(RunProgram, KillsWhatDoesNotEnd) {
    const auto result = run_program({.argv = {"sleep", "1000"}, .timeout = milliseconds(50)});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ETIMEDOUT);
}

TEST_F(RunProgram, KillsWhatHasClosedItsOutputsAndGoesOn) {
    const auto result = run_program(
        {.argv = {"sh", "-c", "exec >&- 2>&-; sleep 1000"}, .timeout = milliseconds(300)});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ETIMEDOUT);
}

TEST_F(RunProgram, KillsWhatWritesTooMuch) {
    const auto result = run_program({.argv = {"cat", "/dev/zero"}, .output_limit = 100000});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, EFBIG);
}

TEST_F(RunProgram, TellsOfSignals) {
    const auto result = run_program({.argv = {"sh", "-c", "kill -TERM $$"}});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 128 + SIGTERM);
}

}  // namespace
}  // namespace sy
