#include "backends/iptables/kernel/restore_text.h"

#include <gmock/gmock.h>

namespace sy::iptables {
namespace {

using Reason = CommitError::Reason;
using testing::HasSubstr;
using testing::Not;

std::string written(const Restore& restore, const std::vector<Jump>& present = {},
                    std::size_t block = 0) {
    const auto text = restore_text(restore, present, block);
    EXPECT_TRUE(text) << text.error().message();
    return text ? text->text : "";
}

Jump jump(std::string chain, std::string rule, bool first = false) {
    return {Table::nat, std::move(chain), std::move(rule), first};
}

TEST(RestoreText, GoesInTheOrderOfTheContract) {
    Restore restore;
    restore.unhook = {jump("PREROUTING", "-j SY-OLD"), jump("OUTPUT", "-j SY-NOT-THERE")};
    restore.write = {{"SY-B", {"-j RETURN"}}, {"SY-A", {"-g SY-B", "-j RETURN"}}, {"SY-0", {}}};
    restore.remove = {"SY-OLD", "SY-OLDER"};
    restore.hook = {jump("OUTPUT", "-j SY-A", true), jump("OUTPUT", "-j SY-B", true),
                    jump("POSTROUTING", "-j SY-0")};
    const std::vector<Jump> present{jump("PREROUTING", "-j SY-OLD"),
                                    jump("PREROUTING", "-j SY-OLD"), jump("OUTPUT", "-j SY-A"),
                                    jump("PREROUTING", "-j SY-A")};
    EXPECT_EQ(written(restore, present),
              "*nat\n"
              "-D PREROUTING -j SY-OLD\n"
              "-D PREROUTING -j SY-OLD\n"
              ":SY-B - [0:0]\n-A SY-B -j RETURN\n"
              ":SY-A - [0:0]\n-A SY-A -g SY-B\n-A SY-A -j RETURN\n"
              ":SY-0 - [0:0]\n"
              "-D OUTPUT -j SY-A\n"
              "-I OUTPUT 1 -j SY-B\n-I OUTPUT 1 -j SY-A\n-A POSTROUTING -j SY-0\n"
              ":SY-OLD - [0:0]\n:SY-OLDER - [0:0]\n-X SY-OLD\n-X SY-OLDER\n"
              "COMMIT\n");
}

TEST(RestoreText, NothingToDoIsNoText) {
    Restore restore;
    restore.unhook = {jump("OUTPUT", "-j SY-NOT-THERE")};
    const auto text = restore_text(restore, {}, 0);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->text, "");
    EXPECT_EQ(text->commits, 0U);
}

TEST(RestoreText, BlocksHoldSoManyChains) {
    Restore restore;
    restore.table = Table::filter;
    restore.write = {{"SY-C", {"-j RETURN"}}, {"SY-B", {"-g SY-C"}}, {"SY-A", {"-g SY-B"}}};
    const auto text = restore_text(restore, {}, 2);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->text,
              "*filter\n:SY-C - [0:0]\n-A SY-C -j RETURN\n:SY-B - [0:0]\n-A SY-B -g SY-C\nCOMMIT\n"
              "*filter\n:SY-A - [0:0]\n-A SY-A -g SY-B\nCOMMIT\n");
    EXPECT_EQ(text->commits, 2U);
}

TEST(RestoreText, RefusesWhatIsNotOneLineOfAChainOfOurs) {
    for (const auto& [chain, rule] : std::vector<std::pair<std::string, std::string>>{
             {"SY-A", "-j RETURN\n-F"},
             {"SY-A", "-j RETURN\t"},
             {"SY-A", "\x7f"},
             {"SY-A", "\xc3\xa4"},
             {"SY-A", ""},
             {"SY-a b", "-j RETURN"},
             {"SY-\"", "-j RETURN"},
             {"OUTPUT", "-j RETURN"},
             {"SY-ABCDEFGHIJKLMNOPQRSTUVWXYZ", "-j RETURN"}}) {
        Restore restore;
        restore.write = {{chain, {rule}}};
        EXPECT_FALSE(restore_text(restore, {}, 0)) << chain << " " << rule;
    }
    Restore restore;
    restore.remove = {"INPUT"};
    EXPECT_FALSE(restore_text(restore, {}, 0));
    restore = {};
    restore.hook = {{Table::filter, "INPUT", "-j SY-A", true}};  // of another table
    EXPECT_FALSE(restore_text(restore, {}, 0));
}

CommitError explained(int status, std::string_view complaint, std::string_view input = "") {
    return explain_restore("iptables-x-restore", status, complaint, input);
}

TEST(ExplainRestore, KnowsTheComplaints) {
    for (const auto& [complaint, reason] : std::vector<std::pair<std::string, Reason>>{
             {"Another app is currently holding the xtables lock. Stopped waiting after 5s.",
              Reason::locked},
             {"v1.8.9 (nf_tables): Set sy4-x doesn't exist.", Reason::drift},
             {"v1.8.9 (nf_tables): Chain 'SY-X' does not exist", Reason::drift},
             {"Couldn't load target `SY-X':No such file or directory", Reason::drift},
             {"Couldn't load match `bpf':No such file or directory", Reason::other},
             {"line 2 failed: No chain/target/match by that name.", Reason::drift},
             {"can't initialize: Permission denied (you must be root)", Reason::other},
             {"line 3 failed: Too many links", Reason::chain},
             {"", Reason::chain}}) {
        EXPECT_EQ(explained(1, complaint).reason, reason) << complaint;
    }
    EXPECT_EQ(explained(4, "something with memory").reason, Reason::other);
    EXPECT_EQ(explained(137, "").reason, Reason::other);
}

TEST(ExplainRestore, QuotesTheLineAndNothingThatHarms) {
    const std::string input = "*nat\n:SY-A - [0:0]\n-A SY-A -j \x1b[31m\nCOMMIT\n";
    EXPECT_EQ(explained(2, "bad\n\nError occurred at line: 3\nTry `x -h' for more\n", input)
                  .error.message(),
              "iptables-x-restore: status 2: bad; Error occurred at line: 3, in \"-A SY-A -j "
              "\\x1b[31m\"");
    EXPECT_EQ(explained(1, "line 4 failed", input).error.message(),
              "iptables-x-restore: status 1: line 4 failed");
    for (const char* odd : {"line", "line 0 failed", "line 99 failed", "line -1", "line x"}) {
        EXPECT_THAT(explained(1, odd, input).error.message(), Not(HasSubstr("in \"")));
    }
    EXPECT_EQ(explained(1, "line 2 failed", "*nat\n-D OUTPUT -j SY-A\nCOMMIT\n").reason,
              Reason::drift);
}

}  // namespace
}  // namespace sy::iptables
