#include "cli/load.h"

#include <gmock/gmock.h>

#include "config/write_config.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Surroundings kHere{.proxy_modes = {"nftables", "iptables", "ipvs"}, .hostname = "node-1"};
constexpr std::string_view kHeader =
    "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

/// `file` is what stands in the file of --config, from line 3 on.
Loading load(std::vector<const char*> words, std::string_view file = {}) {
    const auto flags = parse_flags(words, flag_specs());
    EXPECT_TRUE(flags) << (flags ? "" : flags.error().what);
    return load_options(flags.value_or(Flags{}), kHere,
                        [file](const std::string& path) -> Result<std::string> {
                            if (path != "kp.yaml") {
                                return fail("cannot be read", path, ENOENT);
                            }
                            return std::string(kHeader) + std::string(file);
                        });
}

Options accepted(std::vector<const char*> words, std::string_view file = {}) {
    auto loading = load(std::move(words), file);
    EXPECT_THAT(loading.errors, IsEmpty());
    return std::move(loading.options);
}

struct FlagCase {
    const char* flag;
    /// Field in force, and its JSON.
    const char* field;
    const char* json;
};
struct EveryFlag : testing::TestWithParam<FlagCase> {};

TEST_P(EveryFlag, SetsItsField) {
    const FlagCase& param = GetParam();
    const auto loading = load({param.flag});
    EXPECT_THAT(loading.errors, IsEmpty());
    EXPECT_THAT(field_texts(loading.config), Contains(FieldText{param.field, param.json}));
    EXPECT_THAT(field_texts(load({}).config), Not(Contains(FieldText{param.field, param.json})));
}

INSTANTIATE_TEST_SUITE_P(
    Flags, EveryFlag,
    testing::Values(
        FlagCase{"--manifests=/a,b", "switchyard.manifests", R"(["/a,b"])"},
        FlagCase{"--kubeconfig=/k", "clientConnection.kubeconfig", R"("/k")"},
        FlagCase{"--kube-api-qps=2.5", "clientConnection.qps", "2.5"},
        FlagCase{"--kube-api-burst=7", "clientConnection.burst", "7"},
        FlagCase{"--kube-api-content-type=x", "clientConnection.contentType", R"("x")"},
        FlagCase{"--hostname-override=N7", "hostnameOverride", R"("N7")"},
        FlagCase{"--proxy-mode=ipvs", "mode", R"("ipvs")"},
        FlagCase{"--bind-address=::1", "bindAddress", R"("::1")"},
        FlagCase{"--nodeport-addresses=10.0.0.0/8, 192.0.2.0/24", "nodePortAddresses",
                 R"(["10.0.0.0/8", "192.0.2.0/24"])"},
        FlagCase{"--oom-score-adj=-5", "oomScoreAdj", "-5"},
        FlagCase{"--detect-local-mode=NodeCIDR", "detectLocalMode", R"("NodeCIDR")"},
        FlagCase{"--cluster-cidr=10.244.0.0/16, fd00::/56", "clusterCIDR",
                 R"("10.244.0.0/16,fd00::/56")"},
        FlagCase{"--pod-bridge-interface=br0", "detectLocal.bridgeInterface", R"("br0")"},
        FlagCase{"--pod-interface-name-prefix=ve", "detectLocal.interfaceNamePrefix", R"("ve")"},
        FlagCase{"--masquerade-all", "iptables.masqueradeAll", "true"},
        FlagCase{"--masquerade_all=true", "nftables.masqueradeAll", "true"},
        FlagCase{"--min-sync-period=10ms", "switchyard.minSyncPeriod", R"("10ms")"},
        FlagCase{"--sync-period=20s", "switchyard.syncPeriod", R"("20s")"},
        FlagCase{"--iptables-min-sync-period=2s", "nftables.minSyncPeriod", R"("2s")"},
        FlagCase{"--iptables-min-sync-period=2s", "iptables.minSyncPeriod", R"("2s")"},
        FlagCase{"--iptables-sync-period=20s", "nftables.syncPeriod", R"("20s")"},
        FlagCase{"--iptables-sync-period=20s", "iptables.syncPeriod", R"("20s")"},
        FlagCase{"--iptables-masquerade-bit=3", "iptables.masqueradeBit", "3"},
        FlagCase{"--iptables-localhost-nodeports=false", "iptables.localhostNodePorts", "false"},
        FlagCase{"--conntrack-max-per-core=1", "conntrack.maxPerCore", "1"},
        FlagCase{"--conntrack-min=2", "conntrack.min", "2"},
        FlagCase{"--conntrack-tcp-timeout-established=3s", "conntrack.tcpEstablishedTimeout",
                 R"("3s")"},
        FlagCase{"--conntrack-tcp-timeout-close-wait=0", "conntrack.tcpCloseWaitTimeout",
                 R"("0s")"},
        FlagCase{"--conntrack-udp-timeout=5s", "conntrack.udpTimeout", R"("5s")"},
        FlagCase{"--conntrack-udp-timeout-stream=6s", "conntrack.udpStreamTimeout", R"("6s")"},
        FlagCase{"--conntrack-tcp-be-liberal=T", "conntrack.tcpBeLiberal", "true"},
        FlagCase{"--healthz-bind-address=[::1]:80", "healthzBindAddress", R"("[::1]:80")"},
        FlagCase{"--healthz-bind-address=::1", "healthzBindAddress", R"("[::1]:10256")"},
        FlagCase{"--metrics-bind-address=10.0.0.1", "metricsBindAddress", R"("10.0.0.1:10249")"},
        FlagCase{"--bind-address-hard-fail", "bindAddressHardFail", "true"},
        FlagCase{"--metrics-max-services=0", "switchyard.metricsMaxServices", "0"},
        FlagCase{"--cgroup-root=/c", "switchyard.ebpf.cgroupRoot", R"("/c")"},
        FlagCase{"--bpf-root=/b", "switchyard.ebpf.bpfRoot", R"("/b")"},
        FlagCase{"--ebpf-max-frontends=1024", "switchyard.ebpf.maxFrontends", "1024"},
        FlagCase{"--ebpf-max-services=2000", "switchyard.ebpf.maxServices", "2000"},
        FlagCase{"--ebpf-max-endpoints=16777216", "switchyard.ebpf.maxEndpoints", "16777216"},
        FlagCase{"--ebpf-affinity-clients=4096", "switchyard.ebpf.affinityClients", "4096"},
        FlagCase{"--ebpf-show-vip=false", "switchyard.ebpf.showVIP", "false"},
        FlagCase{"--ebpf-skip-cgroup=/a,b", "switchyard.ebpf.skipCgroups", R"(["/a,b"])"},
        FlagCase{"--ebpf-skip-netns=/n", "switchyard.ebpf.skipNetns", R"(["/n"])"},
        FlagCase{"--iptables-variant=nft", "switchyard.iptables.variant", R"("nft")"},
        FlagCase{"--log-level=error", "switchyard.logLevel", R"("error")"},
        FlagCase{"-v=3", "logging.verbosity", "3"},
        FlagCase{"--log-format=json", "switchyard.logFormat", R"("json")"},
        FlagCase{"--logging-format=json", "logging.format", R"("json")"},
        FlagCase{"--vmodule=a=1,b=2", "logging.vmodule",
                 R"([{"filePattern": "a", "verbosity": 1}, {"filePattern": "b", "verbosity": 2}])"},
        FlagCase{"--log-flush-frequency=1s", "logging.flushFrequency", R"("1s")"},
        FlagCase{"--log-json-info-buffer-size=1Ki", "logging.options.json.infoBufferSize",
                 R"("1Ki")"},
        FlagCase{"--log-json-split-stream", "logging.options.json.splitStream", "true"},
        FlagCase{"--log-text-info-buffer-size=5", "logging.options.text.infoBufferSize", R"("5")"},
        FlagCase{"--log-text-split-stream", "logging.options.text.splitStream", "true"},
        FlagCase{"--feature-gates=A=true,B=false", "featureGates", R"({"A": true, "B": false})"},
        FlagCase{"--config-sync-period=1m", "configSyncPeriod", R"("1m0s")"},
        FlagCase{"--profiling", "enableProfiling", "true"},
        FlagCase{"--show-hidden-metrics-for-version=1.30", "showHiddenMetricsForVersion",
                 R"("1.30")"},
        FlagCase{"--proxy-port-range=1-2", "portRange", R"("1-2")"},
        FlagCase{"--ipvs-sync-period=1m", "ipvs.syncPeriod", R"("1m0s")"},
        FlagCase{"--ipvs-min-sync-period=1s", "ipvs.minSyncPeriod", R"("1s")"},
        FlagCase{"--ipvs-scheduler=lc", "ipvs.scheduler", R"("lc")"},
        FlagCase{"--ipvs-exclude-cidrs=10.0.0.0/8", "ipvs.excludeCIDRs", R"(["10.0.0.0/8"])"},
        FlagCase{"--ipvs-strict-arp", "ipvs.strictARP", "true"},
        FlagCase{"--ipvs-tcp-timeout=1s", "ipvs.tcpTimeout", R"("1s")"},
        FlagCase{"--ipvs-tcpfin-timeout=1s", "ipvs.tcpFinTimeout", R"("1s")"},
        FlagCase{"--ipvs-udp-timeout=1s", "ipvs.udpTimeout", R"("1s")"},
        FlagCase{"--network-name=n", "winkernel.networkName", R"("n")"},
        FlagCase{"--source-vip=192.0.2.1", "winkernel.sourceVip", R"("192.0.2.1")"},
        FlagCase{"--enable-dsr", "winkernel.enableDSR", "true"},
        FlagCase{"--root-hnsendpoint-name=r", "winkernel.rootHnsEndpointName", R"("r")"},
        FlagCase{"--forward-healthcheck-vip", "winkernel.forwardHealthCheckVip", "true"},
        FlagCase{"--windows-service", "windowsRunAsService", "true"}));

TEST(LoadOptions, WithoutAWordItIsAPodThatAsksTheApiServer) {
    const auto options = accepted({});
    EXPECT_EQ(options.api, ApiOptions{});
    EXPECT_EQ(options.proxy_mode, "nftables");
    EXPECT_EQ(options.config_file, "");
    EXPECT_FALSE(options.init_only);
    EXPECT_THAT(options.warnings, IsEmpty());
}

TEST(LoadOptions, FlagsBesideFields) {
    const auto options = accepted({"--master=https://api:6443", "--init-only"});
    EXPECT_EQ(options.api->master, "https://api:6443");
    EXPECT_TRUE(options.init_only);
}

TEST(LoadOptions, OneKindOfSource) {
    EXPECT_THAT(load({"--manifests=/m", "--kubeconfig=/k"}).errors,
                ElementsAre("--manifests: cannot go together with a kubeconfig; the cluster is "
                            "read either from manifests or from an API server"));
    EXPECT_THAT(load({"--manifests=/m", "--master=x"}).errors,
                ElementsAre(HasSubstr("--master: cannot go together")));
    EXPECT_THAT(load({"--config=kp.yaml"},
                     "clientConnection: {kubeconfig: /k}\nswitchyard: {manifests: [/m]}\n")
                    .errors,
                ElementsAre("kp.yaml:4: switchyard.manifests: cannot go together with a "
                            "kubeconfig; the cluster is read either from manifests or from an API "
                            "server"));
    const auto options =
        accepted({"--config=kp.yaml", "--manifests=/m"}, "clientConnection: {kubeconfig: /k}\n");
    EXPECT_THAT(options.manifests, ElementsAre("/m"));
    EXPECT_THAT(options.warnings, ElementsAre("kp.yaml:3: clientConnection.kubeconfig: not used, "
                                              "because --manifests is given"));
}

TEST(LoadOptions, WithAFileOnlyTheFlagsOfLoggingAndNameAndOursCount) {
    const auto options =
        accepted({"--config=kp.yaml", "--cluster-cidr=10.0.0.0/8", "--proxy-mode=ipvs", "-v=4",
                  "--logging-format=json", "--hostname-override=B", "--sync-period=5s",
                  "--master=m", "--masquerade-all"},
                 "mode: iptables\nhostnameOverride: a\nclusterCIDR: 10.1.0.0/16\n"
                 "nodePortAddresses: [primary]\nswitchyard: {syncPeriod: 7s}\n");
    EXPECT_EQ(options.config_file, "kp.yaml");
    EXPECT_EQ(options.proxy_mode, "iptables");
    EXPECT_EQ(options.node_name, "b");
    EXPECT_EQ(options.sync_period, 5s);
    EXPECT_EQ(options.log, (LogOptions{.level = LogLevel::debug, .json = true}));
    EXPECT_EQ(options.api->master, "m");
    EXPECT_FALSE(options.node.masquerade_all);
    EXPECT_EQ(options.node.detect_local.cluster_cidrs, std::vector{*Cidr::parse("10.1.0.0/16")});
    EXPECT_THAT(options.warnings,
                ElementsAre("ignored, because --config is given: --proxy-mode, --cluster-cidr, "
                            "--masquerade-all"));
}

TEST(LoadOptions, IgnoredFlagsAreNotJudged) {
    EXPECT_THAT(load({"--config=kp.yaml", "--cluster-cidr=nonsense"}).errors, IsEmpty());
}

TEST(LoadOptions, LoggingFlagsWinOverTheFile) {
    const char* file = "switchyard: {logLevel: error, logFormat: text}\nlogging: {format: text}\n";
    EXPECT_EQ(accepted({"--config=kp.yaml"}, file).log,
              (LogOptions{.level = LogLevel::error, .json = false}));
    EXPECT_EQ(accepted({"--config=kp.yaml", "-v=2", "--logging-format=json"}, file).log,
              (LogOptions{.level = LogLevel::info, .json = true}));
    EXPECT_EQ(accepted({"--config=kp.yaml", "-v=4", "--log-level=warning"}, file).log.level,
              LogLevel::warning);
}

TEST(LoadOptions, AnEmptyAddressMeansNoServerInAFlagAndTheDefaultInAFile) {
    EXPECT_EQ(accepted({"--healthz-bind-address="}).serving.healthz, std::nullopt);
    EXPECT_EQ(accepted({"--metrics-bind-address", ""}).serving.metrics, std::nullopt);
    EXPECT_EQ(accepted({"--metrics-bind-address=0.0.0.0:0"}).serving.metrics, std::nullopt);
    const auto options =
        accepted({"--config=kp.yaml"}, "healthzBindAddress: \"\"\nmetricsBindAddress: \"\"\n");
    EXPECT_EQ(options.serving.healthz->to_string(), "0.0.0.0:10256");
    EXPECT_EQ(options.serving.metrics->to_string(), "127.0.0.1:10249");
}

TEST(LoadOptions, OldPortFlags) {
    const auto healthz = [](std::vector<const char*> words) {
        const auto options = accepted(std::move(words));
        EXPECT_THAT(options.warnings, ElementsAre("--healthz-port: is deprecated; give "
                                                  "--healthz-bind-address"));
        return options.serving.healthz ? options.serving.healthz->to_string() : "none";
    };
    EXPECT_EQ(healthz({"--healthz-port=0"}), "none");
    EXPECT_EQ(healthz({"--healthz-port=8080"}), "0.0.0.0:8080");
    EXPECT_EQ(healthz({"--healthz-port=8080", "--bind-address=::"}), "[::]:8080");
    EXPECT_EQ(healthz({"--healthz-port=8080", "--healthz-bind-address=::1"}), "[::1]:8080");
    EXPECT_EQ(healthz({"--healthz-port=8080", "--healthz-bind-address=[::1]:90"}), "[::1]:90");
    EXPECT_EQ(accepted({"--metrics-port=8080"}).serving.metrics->to_string(), "127.0.0.1:8080");
    EXPECT_EQ(load({"--metrics-port=70000"}).errors.front(),
              "--metrics-port: \"70000\" is not a number from 0 to 65535");
    EXPECT_THAT(accepted({"--config=kp.yaml", "--healthz-port=0"}).warnings,
                ElementsAre("ignored, because --config is given: --healthz-port"));
}

TEST(LoadOptions, WhatHasNoEffectIsToldOnce) {
    EXPECT_THAT(accepted({"--vmodule=a=2", "--ipvs-strict-arp", "--logtostderr",
                          "--log-dir=/var/log", "--iptables-sync-period=40s"})
                    .warnings,
                ElementsAre("set, but without effect here: --logtostderr, --log-dir, "
                            "--vmodule, --ipvs-strict-arp"));
    EXPECT_THAT(
        accepted({"--config=kp.yaml"}, "portRange: 1-2\nipvs:\n  strictARP: true\n").warnings,
        ElementsAre("set, but without effect here: kp.yaml:5: ipvs.strictARP, kp.yaml:3: "
                    "portRange"));
    EXPECT_THAT(accepted({"--proxy-mode=nftables", "--iptables-sync-period=40s"}).warnings,
                IsEmpty())
        << "the flag is for nftables too";
}

TEST(LoadOptions, HostNames) {
    EXPECT_EQ(accepted({"--hostname-override= Edge-7 "}).node_name, "edge-7");
    EXPECT_EQ(accepted({"--hostname-override="}).node_name, "node-1");
    EXPECT_THAT(load({"--hostname-override=  "}).errors,
                ElementsAre("--hostname-override: is blank; give the name of the Node object"));
    EXPECT_THAT(load({"--config=kp.yaml"}, "hostnameOverride: \" \"\n").errors,
                ElementsAre("kp.yaml:3: hostnameOverride: is blank; give the name of the Node "
                            "object"));
}

TEST(LoadOptions, AllMistakesAreToldAndEachOnce) {
    EXPECT_THAT(load({"--cluster-cidr=x", "--oom-score-adj=5000", "--proxy-mode=ipfw"}).errors,
                ElementsAre("--oom-score-adj: \"5000\" is not a number from -1000 to 1000",
                            "--cluster-cidr: \"x\" is not a network; give one CIDR or an IPv4,IPv6 "
                            "pair such as 10.244.0.0/16,fd00:10:244::/56",
                            "--proxy-mode: there is no mode \"ipfw\"; give one of: nftables, "
                            "iptables, ipvs"));
    EXPECT_THAT(load({"--config=kp.yaml"},
                     "mode: ipfw\ndetectLocalMode: BridgeInterface\n"
                     "detectLocal: {bridgeInterface: 5}\n")
                    .errors,
                ElementsAre("kp.yaml:5: detectLocal.bridgeInterface: 5 is a number where text "
                            "belongs: put it in quotes",
                            "kp.yaml:3: mode: there is no mode \"ipfw\"; give one of: nftables, "
                            "iptables, ipvs"));
}

TEST(LoadOptions, AMissingFieldIsNamedByItsFlagOrByItsFile) {
    EXPECT_THAT(load({"--detect-local-mode=BridgeInterface"}).errors,
                ElementsAre("--pod-bridge-interface: is missing; detect-local mode BridgeInterface "
                            "needs it"));
    EXPECT_THAT(load({"--config=kp.yaml"}, "detectLocalMode: BridgeInterface\n").errors,
                ElementsAre("kp.yaml: detectLocal.bridgeInterface: is missing; detect-local mode "
                            "BridgeInterface needs it"));
}

TEST(LoadOptions, AFileThatCannotBeReadIsNamed) {
    EXPECT_THAT(load({"--config=other.yaml"}).errors,
                ElementsAre("other.yaml: cannot be read: No such file or directory"));
}

TEST(LoadCleanupOptions, LooksAtNothingElse) {
    const std::vector<const char*> words{"--config=nowhere", "--proxy-mode=x", "-v=4"};
    const auto options = load_cleanup_options(*parse_flags(words, flag_specs()));
    ASSERT_TRUE(options);
    EXPECT_EQ(options->log, (LogOptions{.level = LogLevel::debug, .json = false}));
    EXPECT_EQ(options->backend, BackendSettings{});
    const std::vector<const char*> bad{"--log-level=loud"};
    EXPECT_EQ(load_cleanup_options(*parse_flags(bad, flag_specs())).error().message(),
              "--log-level: there is no level \"loud\"; give one of: debug, info, warning, error");
}

TEST(LoadCleanupOptions, KnowsWhereBackendsKeepThings) {
    const std::vector<const char*> words{"--cleanup", "--bpf-root=/b/s", "--cgroup-root=/c",
                                         "--ebpf-max-services=9999"};
    const auto options = load_cleanup_options(*parse_flags(words, flag_specs()));
    ASSERT_TRUE(options);
    EbpfSettings wanted;
    wanted.bpf_root = "/b/s";
    wanted.cgroup_root = "/c";
    EXPECT_EQ(options->backend.ebpf, wanted);
    const std::vector<const char*> bad{"--bpf-root=here"};
    EXPECT_THAT(load_cleanup_options(*parse_flags(bad, flag_specs())).error().message(),
                HasSubstr("--bpf-root: \"here\" is not an absolute path"));
}

}  // namespace
}  // namespace sy
