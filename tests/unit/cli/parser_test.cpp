#include "cli/parser.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Surroundings kHere{.proxy_modes = {"nftables"}, .hostname = "node-1"};

Command parse(std::vector<const char*> words) {
    words.insert(words.begin(), "/usr/bin/switchyard");
    return parse_command_line(words, kHere);
}

Exit refused(std::vector<const char*> words) {
    const Command command = parse(std::move(words));
    const auto* exit = std::get_if<Exit>(&command);
    EXPECT_NE(exit, nullptr);
    return exit == nullptr ? Exit{} : *exit;
}

Options run_options(std::vector<const char*> words) {
    words.insert(words.begin(), "run");
    const Command command = parse(std::move(words));
    const auto* run = std::get_if<RunCommand>(&command);
    if (run == nullptr) {
        const auto* exit = std::get_if<Exit>(&command);
        ADD_FAILURE() << (exit == nullptr ? "not run" : exit->error);
        return {};
    }
    return run->options;
}

TEST(CommandLine, FlagsMayBeGivenEitherWay) {
    EXPECT_THAT(run_options({"--manifests", "a", "--manifests=b"}).manifests,
                ElementsAre("a", "b"));
    EXPECT_EQ(run_options({"--manifests=a", "--v=5"}).log.level, LogLevel::debug);
    EXPECT_EQ(run_options({"--manifests=a", "-v", "5"}).log.level, LogLevel::debug);
    EXPECT_TRUE(run_options({"--manifests=a", "--masquerade-all"}).node.masquerade_all);
    EXPECT_TRUE(run_options({"--manifests=a", "--masquerade-all=true"}).node.masquerade_all);
    EXPECT_FALSE(run_options({"--manifests=a", "--masquerade-all=false"}).node.masquerade_all);
}

TEST(CommandLine, EveryFlagReachesItsOption) {
    const Options options = run_options({"--manifests",
                                         "m",
                                         "--hostname-override",
                                         "n7",
                                         "--proxy-mode",
                                         "nftables",
                                         "--bind-address",
                                         "192.0.2.1",
                                         "--cluster-cidr",
                                         "10.244.0.0/16",
                                         "--nodeport-addresses",
                                         "192.0.2.0/24",
                                         "--nodeport-addresses",
                                         "10.0.0.0/8",
                                         "--min-sync-period",
                                         "10ms",
                                         "--sync-period",
                                         "20s",
                                         "--conntrack-max-per-core",
                                         "1",
                                         "--conntrack-min",
                                         "2",
                                         "--conntrack-tcp-timeout-established",
                                         "3s",
                                         "--conntrack-tcp-timeout-close-wait",
                                         "4s",
                                         "--conntrack-udp-timeout",
                                         "5s",
                                         "--conntrack-udp-timeout-stream",
                                         "6s",
                                         "--conntrack-tcp-be-liberal",
                                         "--log-level",
                                         "warning",
                                         "--log-format",
                                         "json"});
    EXPECT_EQ(options.node_name, "n7");
    EXPECT_EQ(options.node.nodeports.cidrs.size(), 2U);
    EXPECT_EQ(options.node.detect_local.cluster_cidrs.size(), 1U);
    EXPECT_EQ(options.min_sync_period, std::chrono::milliseconds(10));
    EXPECT_EQ(options.sync_period, std::chrono::seconds(20));
    using std::chrono::seconds;
    EXPECT_EQ(options.kernel,
              (KernelSettings{1, 2, seconds(3), seconds(4), seconds(5), seconds(6), true}));
    EXPECT_EQ(options.log, (LogOptions{.level = LogLevel::warning, .json = true}));
}

TEST(CommandLine, TheOtherCommands) {
    EXPECT_TRUE(std::holds_alternative<RenderCommand>(parse({"render", "--manifests", "m"})));
    EXPECT_TRUE(std::holds_alternative<CleanupCommand>(parse({"cleanup"})));
    EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse({"version"})));
}

TEST(CommandLine, HelpGoesToStandardOutput) {
    for (const std::vector<const char*>& words : {std::vector<const char*>{"--help"},
                                                  {"run", "--help"},
                                                  {"render", "-h"},
                                                  {"cleanup", "--help"}}) {
        const Exit exit = refused(words);
        EXPECT_EQ(exit.code, 0);
        EXPECT_THAT(exit.out, HasSubstr("--help"));
        EXPECT_EQ(exit.error, "");
    }
    EXPECT_THAT(refused({"run", "--help"}).out, HasSubstr("--cluster-cidr"));
    EXPECT_THAT(refused({"cleanup", "--help"}).out, Not(HasSubstr("--cluster-cidr")));
}

TEST(CommandLine, WhatIsWrongIsOneLineWithAMend) {
    const auto line = [](std::vector<const char*> words) {
        const Exit exit = refused(std::move(words));
        EXPECT_EQ(exit.code, kUsageError);
        EXPECT_EQ(exit.out, "");
        EXPECT_THAT(exit.error, Not(HasSubstr("\n")));
        return exit.error;
    };
    EXPECT_EQ(line({}),
              "switchyard: a command is missing; give one of: run, render, cleanup, version");
    EXPECT_EQ(line({"run", "--manifests", "m", "--cluster-cidr", "10.0.0.0/33"}),
              "switchyard run: --cluster-cidr: \"10.0.0.0/33\" is not a network; give one CIDR or "
              "an IPv4,IPv6 pair such as 10.244.0.0/16,fd00:10:244::/56");
    EXPECT_EQ(line({"run", "--cluster-cdir=10.0.0.0/8"}),
              "switchyard run: there is no flag \"--cluster-cdir\"; did you mean --cluster-cidr?");
    EXPECT_EQ(line({"rnu"}), "switchyard: there is no command \"rnu\"; did you mean run?");
    EXPECT_EQ(line({"frobnicate"}),
              "switchyard: there is no command \"frobnicate\"; see \"switchyard --help\"");
    EXPECT_THAT(line({"run"}), HasSubstr("--manifests: is missing"));
    EXPECT_THAT(line({"run", "--manifests"}), HasSubstr("--manifests"));
    EXPECT_THAT(line({"run", "--manifests", "m", "--masquerade-all=perhaps"}),
                HasSubstr("--masquerade-all"));
    EXPECT_THAT(line({"run", "--manifests", "m", "--cluster-cidr", "a\nb"}), HasSubstr("a\\nb"));
    EXPECT_THAT(line({"run", "--manifests", "m", "--log-level", "info", "--log-level", "debug"}),
                HasSubstr("--log-level"));
    EXPECT_THAT(line({"cleanup", "--log-format", "xml"}),
                HasSubstr("switchyard cleanup: --log-format"));
}

}  // namespace
}  // namespace sy
