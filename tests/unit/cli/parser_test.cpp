#include "cli/parser.h"

#include <gmock/gmock.h>

#include "config/read_config.h"

namespace sy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Surroundings kHere{.proxy_modes = {"nftables"}, .hostname = "node-1"};

Result<std::string> read_nothing(const std::string& path) {
    return fail("cannot be read", path, ENOENT);
}

Command parse(std::vector<const char*> words, const ReadFile& read_file = read_nothing) {
    words.insert(words.begin(), "/usr/bin/switchyard");
    return parse_command_line(words, kHere, read_file);
}

Exit refused(std::vector<const char*> words) {
    const Command command = parse(std::move(words));
    const auto* exit = std::get_if<Exit>(&command);
    EXPECT_NE(exit, nullptr);
    return exit == nullptr ? Exit{} : *exit;
}

Options run_options(std::vector<const char*> words) {
    const Command command = parse(std::move(words));
    const auto* run = std::get_if<RunCommand>(&command);
    if (run == nullptr) {
        const auto* exit = std::get_if<Exit>(&command);
        ADD_FAILURE() << (exit == nullptr ? "not run" : exit->error);
        return {};
    }
    return run->options;
}

TEST(CommandLine, FlagsAloneMeanRun) {
    EXPECT_THAT(run_options({"run", "--manifests", "a", "--manifests=b"}).manifests,
                ElementsAre("a", "b"));
    EXPECT_THAT(run_options({"--manifests", "a"}).manifests, ElementsAre("a"));
    EXPECT_EQ(run_options({"-v=5"}).log.level, LogLevel::debug);
    EXPECT_TRUE(run_options({"run"}).api);
}

TEST(CommandLine, TheOtherCommands) {
    EXPECT_TRUE(std::holds_alternative<RenderCommand>(parse({"render", "--manifests", "m"})));
    EXPECT_TRUE(std::holds_alternative<CleanupCommand>(parse({"cleanup"})));
    EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse({"version"})));
}

TEST(CommandLine, KubeProxysFlagsThatAreCommands) {
    EXPECT_TRUE(std::holds_alternative<CleanupCommand>(parse({"--cleanup"})));
    EXPECT_TRUE(std::holds_alternative<CleanupCommand>(
        parse({"--config=missing", "--cleanup=true", "--proxy-mode=x"})));
    EXPECT_TRUE(std::holds_alternative<RunCommand>(parse({"--cleanup=false"})));
    EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse({"--version"})));
    EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse({"run", "--version=raw"})));
    EXPECT_TRUE(run_options({"--init-only"}).init_only);
}

TEST(CommandLine, WritesTheConfigurationInForce) {
    const Command command = parse({"--write-config-to=/f", "--cluster-cidr=10.0.0.0/8"});
    const auto* write = std::get_if<WriteConfigCommand>(&command);
    ASSERT_NE(write, nullptr);
    EXPECT_EQ(write->path, "/f");
    EXPECT_EQ(read_config(write->text, "f").config.cluster_cidr,
              std::vector{*Cidr::parse("10.0.0.0/8")});
}

TEST(CommandLine, ReadsTheConfigurationAgain) {
    std::string text =
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
    const Command command =
        parse({"--config=f", "-v=4"},
              [&text](const std::string&) -> Result<std::string> { return text; });
    const auto* run = std::get_if<RunCommand>(&command);
    ASSERT_NE(run, nullptr);
    EXPECT_FALSE(run->options.node.masquerade_all);
    text += "nftables: {masqueradeAll: true}\n";
    const auto again = run->reload();
    EXPECT_TRUE(again.options.node.masquerade_all);
    EXPECT_EQ(again.options.log.level, LogLevel::debug);
    text += "mode: [\n";
    EXPECT_EQ(run->reload().errors.size(), 1U);
}

TEST(CommandLine, HelpGoesToStandardOutput) {
    for (const std::vector<const char*>& words : {std::vector<const char*>{"--help"},
                                                  {"-h"},
                                                  {"run", "--help"},
                                                  {"-v=2", "--help"},
                                                  {"render", "-h"},
                                                  {"cleanup", "--help"},
                                                  {"version", "--help"}}) {
        const Exit exit = refused(words);
        EXPECT_EQ(exit.code, 0);
        EXPECT_THAT(exit.out, HasSubstr("--help"));
        EXPECT_EQ(exit.error, "");
    }
    EXPECT_THAT(refused({"--help"}).out, HasSubstr("cleanup"));
    EXPECT_THAT(refused({"run", "--help"}).out, HasSubstr("--cluster-cidr"));
    EXPECT_THAT(refused({"run", "--help"}).out, Not(HasSubstr("--vmodule")));
    EXPECT_THAT(refused({"cleanup", "--help"}).out, Not(HasSubstr("--cluster-cidr")));
    EXPECT_THAT(refused({"cleanup", "--help"}).out, HasSubstr("-v,--v NUMBER"));
    EXPECT_THAT(refused({"cleanup", "--help"}).out, HasSubstr("--bpf-root FOLDER"));
    EXPECT_THAT(refused({"cleanup", "--help"}).out, Not(HasSubstr("--ebpf-max")));
}

TEST(CommandLine, WhatIsWrongIsToldWithAMend) {
    const auto line = [](std::vector<const char*> words) {
        const Exit exit = refused(std::move(words));
        EXPECT_EQ(exit.code, kUsageError);
        EXPECT_EQ(exit.out, "");
        return exit.error;
    };
    EXPECT_EQ(
        line({}),
        "switchyard: a command is missing; give one of: run, render, cleanup, observe, version");
    EXPECT_EQ(line({"run", "--manifests", "m", "--cluster-cidr", "10.0.0.0/33"}),
              "switchyard run: --cluster-cidr: \"10.0.0.0/33\" is not a network; give one CIDR or "
              "an IPv4,IPv6 pair such as 10.244.0.0/16,fd00:10:244::/56");
    EXPECT_EQ(line({"--cluster-cdir=10.0.0.0/8"}),
              "switchyard run: there is no flag \"--cluster-cdir\"; did you mean --cluster-cidr?");
    EXPECT_EQ(line({"rnu"}), "switchyard: there is no command \"rnu\"; did you mean run?");
    EXPECT_EQ(line({"frobnicate"}),
              "switchyard: there is no command \"frobnicate\"; see \"switchyard --help\"");
    EXPECT_EQ(line({"render"}),
              "switchyard render: --manifests: is missing; give a file or folder of manifests, for "
              "example --manifests /etc/switchyard/manifests");
    EXPECT_EQ(line({"run", "--manifests"}),
              "switchyard run: --manifests: a value is missing: PATH");
    EXPECT_EQ(line({"run", "--masquerade-all=perhaps"}),
              "switchyard run: --masquerade-all: \"perhaps\" is neither true nor false");
    EXPECT_THAT(line({"run", "--proxy-mode", "a\nb"}), HasSubstr("a\\"));
    EXPECT_THAT(line({"run", "--proxy-mode", "a\nb"}), Not(HasSubstr("\n")));
    EXPECT_EQ(line({"run", "-v=much", "--log-format=xml"}),
              "switchyard run: --v: \"much\" is not a number from 0 to 2147483647\n"
              "switchyard run: --log-format: there is no format \"xml\"; give one of: text, json");
    EXPECT_EQ(line({"cleanup", "--log-format", "xml"}),
              "switchyard cleanup: --log-format: there is no format \"xml\"; give one of: text, "
              "json");
    EXPECT_EQ(line({"cleanup", "--proxy-mode=x"}),
              "switchyard cleanup: there is no flag \"--proxy-mode\"");
    EXPECT_EQ(line({"version", "-v=2"}), "switchyard version: there is no flag \"-v\"");
    EXPECT_EQ(line({"--config=nowhere"}),
              "switchyard run: nowhere: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace sy
