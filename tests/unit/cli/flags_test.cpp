#include "cli/flags.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::expected<Flags, FlagFault> parse(std::vector<const char*> words) {
    return parse_flags(words, flag_specs());
}

Flags parsed(std::vector<const char*> words) {
    auto flags = parse(std::move(words));
    EXPECT_TRUE(flags) << (flags ? "" : flags.error().what);
    return flags.value_or(Flags{});
}

std::string refused(std::vector<const char*> words) {
    const auto flags = parse(std::move(words));
    return flags ? "accepted" : flags.error().what;
}

TEST(ParseFlags, ReadsWhatPflagReads) {
    EXPECT_EQ(parsed({"--cluster-cidr", "10.0.0.0/8"}).value("cluster-cidr"), "10.0.0.0/8");
    EXPECT_EQ(parsed({"--cluster-cidr=10.0.0.0/8"}).value("cluster-cidr"), "10.0.0.0/8");
    EXPECT_EQ(parsed({"--cluster_cidr=10.0.0.0/8"}).value("cluster-cidr"), "10.0.0.0/8");
    EXPECT_EQ(parsed({"--hostname-override=a_b=c"}).value("hostname-override"), "a_b=c");
    EXPECT_EQ(parsed({"--healthz-bind-address=[::]"}).value("healthz-bind-address"), "[::]");
    EXPECT_EQ(parsed({"--oom-score-adj", "-999"}).value("oom-score-adj"), "-999");
    EXPECT_EQ(parsed({"--hostname-override=", "-v=2"}).value("hostname-override"), "");
    EXPECT_EQ(parsed({"--hostname-override", "", "-v=2"}).value("v"), "2");
}

TEST(ParseFlags, VerbosityHasALetter) {
    for (const std::vector<const char*>& words :
         {std::vector<const char*>{"-v", "4"}, {"-v4"}, {"-v=4"}, {"--v=4"}, {"--v", "4"}}) {
        EXPECT_EQ(parsed(words).value("v"), "4") << words.front();
    }
}

TEST(ParseFlags, BooleansTakeAValueAfterAnEqualSignOnly) {
    EXPECT_TRUE(parsed({"--init-only"}).on("init-only"));
    EXPECT_TRUE(parsed({"--init-only=true"}).on("init-only"));
    EXPECT_TRUE(parsed({"--init_only=1"}).on("init-only"));
    EXPECT_FALSE(parsed({"--init-only=false"}).on("init-only"));
    EXPECT_FALSE(parsed({"--init-only=0"}).on("init-only"));
    EXPECT_FALSE(parsed({}).on("init-only"));
    EXPECT_TRUE(parsed({"--version=raw"}).on("version"));
    EXPECT_EQ(refused({"--masquerade-all", "false"}),
              "\"false\" is no flag, and nothing else belongs here");
}

TEST(ParseFlags, TheLastCountsAndListsKeepAll) {
    const auto flags =
        parsed({"--proxy-mode=a", "--manifests=x", "--proxy-mode=b", "--manifests=y"});
    EXPECT_EQ(flags.value("proxy-mode"), "b");
    EXPECT_THAT(flags.values("manifests"), ElementsAre("x", "y"));
    EXPECT_THAT(flags.values("master"), IsEmpty());
    EXPECT_FALSE(flags.given("master"));
}

TEST(ParseFlags, SaysWhatItDoesNotUnderstand) {
    EXPECT_EQ(refused({"--cluster-cdir=10.0.0.0/8"}),
              "there is no flag \"--cluster-cdir\"; did you mean --cluster-cidr?");
    EXPECT_EQ(refused({"--frobnicate-everything"}), "there is no flag \"--frobnicate-everything\"");
    EXPECT_EQ(refused({"-x"}), "there is no flag \"-x\"");
    EXPECT_EQ(refused({"--cluster-cidr"}), "--cluster-cidr: a value is missing: NETWORK[,NETWORK]");
    EXPECT_EQ(refused({"--"}), "\"--\" is no flag, and nothing else belongs here");
    EXPECT_EQ(refused({"-"}), "\"-\" is no flag, and nothing else belongs here");
    EXPECT_TRUE(parse({"-v=2", "--help"}).error().help);
    EXPECT_TRUE(parse({"-h"}).error().help);
}

TEST(FlagTable, NamesAreUniqueAndSorted) {
    std::set<std::string_view> names;
    for (const FlagSpec& spec : flag_specs()) {
        EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
        EXPECT_EQ(spec.name.find('_'), std::string_view::npos) << spec.name;
        EXPECT_EQ(spec.group.empty(), spec.help.empty()) << spec.name;
        // So that the help can say which flags count beside a file.
        const bool about_the_file = spec.group == "Configuration";
        const bool marked = spec.help.starts_with("* ");
        EXPECT_TRUE(about_the_file || spec.group.empty() ||
                    marked == (spec.with_config == WithConfig::counts))
            << spec.name;
    }
}

TEST(FlagTable, HoldsKubeProxysFlags) {
    for (const char* name : {"bind-address",
                             "bind-address-hard-fail",
                             "cleanup",
                             "cluster-cidr",
                             "config",
                             "config-sync-period",
                             "conntrack-max-per-core",
                             "conntrack-min",
                             "conntrack-tcp-be-liberal",
                             "conntrack-tcp-timeout-close-wait",
                             "conntrack-tcp-timeout-established",
                             "conntrack-udp-timeout",
                             "conntrack-udp-timeout-stream",
                             "detect-local-mode",
                             "feature-gates",
                             "healthz-bind-address",
                             "healthz-port",
                             "hostname-override",
                             "init-only",
                             "iptables-localhost-nodeports",
                             "iptables-masquerade-bit",
                             "iptables-min-sync-period",
                             "iptables-sync-period",
                             "ipvs-exclude-cidrs",
                             "ipvs-min-sync-period",
                             "ipvs-scheduler",
                             "ipvs-strict-arp",
                             "ipvs-sync-period",
                             "ipvs-tcp-timeout",
                             "ipvs-tcpfin-timeout",
                             "ipvs-udp-timeout",
                             "kube-api-burst",
                             "kube-api-content-type",
                             "kube-api-qps",
                             "kubeconfig",
                             "log-flush-frequency",
                             "log-json-info-buffer-size",
                             "log-json-split-stream",
                             "log-text-info-buffer-size",
                             "log-text-split-stream",
                             "logging-format",
                             "masquerade-all",
                             "master",
                             "metrics-bind-address",
                             "metrics-port",
                             "nodeport-addresses",
                             "oom-score-adj",
                             "pod-bridge-interface",
                             "pod-interface-name-prefix",
                             "profiling",
                             "proxy-mode",
                             "show-hidden-metrics-for-version",
                             "v",
                             "version",
                             "vmodule",
                             "write-config-to"}) {
        EXPECT_NE(std::ranges::find(flag_specs(), name, &FlagSpec::name), flag_specs().end())
            << name;
    }
}

}  // namespace
}  // namespace sy
