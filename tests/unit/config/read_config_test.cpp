#include "config/read_config.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "config/schema.h"
#include "config/write_config.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kHeader =
    "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

/// `body` begins on line 3.
ConfigFile read(std::string_view body) {
    return read_config(std::string(kHeader) + std::string(body), "kp.yaml");
}

std::string data_file(const std::string& name) {
    std::ifstream file(SWITCHYARD_CONFIGS "/" + name);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
}

ConfigFile read_file(const std::string& name) {
    return read_config(data_file(name), name);
}

struct Written : testing::TestWithParam<const char*> {};

TEST_P(Written, LoadsWithoutAWord) {
    const auto file = read_file(GetParam());
    EXPECT_THAT(file.errors, IsEmpty());
    EXPECT_THAT(file.warnings, IsEmpty());
}

TEST_P(Written, IsReadBackAsItWasWritten) {
    const auto config = complete(read_file(GetParam()).config, "nftables");
    const auto again = read_config(to_yaml(config), "again");
    EXPECT_THAT(again.errors, IsEmpty());
    EXPECT_THAT(again.warnings, IsEmpty());
    EXPECT_EQ(field_texts(again.config), field_texts(config));
    EXPECT_EQ(complete(again.config, "nftables"), config);
}

INSTANTIATE_TEST_SUITE_P(Files, Written,
                         testing::Values("kubeadm-1.27.yaml", "kubeadm-1.31.yaml",
                                         "kubeadm-1.36.yaml", "kind.yaml", "edge.yaml",
                                         "minimal.yaml", "minimal.json", "everything.yaml"));

TEST(ReadConfig, NullsEmptyTextsAndZeroDurationsSayNothing) {
    auto config = read_file("kubeadm-1.27.yaml").config;
    EXPECT_EQ(config.client_connection.kubeconfig, "/var/lib/kube-proxy/kubeconfig.conf");
    EXPECT_EQ(config.cluster_cidr, std::vector{*Cidr::parse("10.244.0.0/16")});
    config.client_connection.kubeconfig.clear();
    config.cluster_cidr.clear();
    config.bind_address.reset();
    EXPECT_EQ(complete(config, "nftables"), complete({}, "nftables"));
}

TEST(ReadConfig, NoFieldIsForgotten) {
    const auto texts = field_texts(read_file("everything.yaml").config);
    const auto defaults = field_texts(complete({}, "nftables"));
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const bool same_by_chance = texts[i].path == "mode" ||  // there is one only
                                    texts[i].path == "switchyard.manifests";
        EXPECT_TRUE(same_by_chance || texts[i] != defaults[i]) << texts[i].path;
    }
}

TEST(ReadConfig, ReadsTypedValues) {
    const auto config = read_file("everything.yaml").config;
    EXPECT_EQ(config.bind_address, IpAddr::v4(192, 0, 2, 10));
    EXPECT_EQ(config.client_connection.qps, 7.5);
    EXPECT_EQ(config.conntrack.udp_timeout, 1500ms);
    EXPECT_EQ(config.detect_local_mode, DetectLocalMode::bridge_interface);
    EXPECT_EQ(config.feature_gates,
              (std::map<std::string, bool>{{"OtherGate", false}, {"SomeGate", true}}));
    EXPECT_EQ(config.healthz_bind_address, (SocketAddress{IpAddr::v4(192, 0, 2, 10), Port{8081}}));
    EXPECT_EQ(config.logging.vmodule, (std::vector<VModuleItem>{{"agent", 6}}));
    EXPECT_EQ(config.logging.text.info_buffer_size, "12");
    EXPECT_EQ(config.node_port_addresses,
              (NodePortSelection{
                  .primary = false,
                  .cidrs = {*Cidr::parse("192.0.2.0/24"), *Cidr::parse("2001:db8::/64")}}));
    EXPECT_EQ(config.switchyard.min_sync_period, 10ms);
    EXPECT_EQ(config.switchyard.log_level, LogLevel::warning);
}

TEST(ReadConfig, AnAddressMayGoWithoutAPort) {
    const auto config = read_file("edge.yaml").config;
    EXPECT_EQ(config.healthz_bind_address, (SocketAddress{*IpAddr::parse("::1"), Port{10256}}));
    EXPECT_EQ(read("metricsBindAddress: 10.0.0.1").config.metrics_bind_address,
              (SocketAddress{IpAddr::v4(10, 0, 0, 1), Port{10249}}));
    EXPECT_EQ(read("metricsBindAddress: \"[::1]\"").errors.size(), 1U);
}

TEST(ReadConfig, KeepsTheLineOfEachField) {
    const auto file = read("mode: nftables\nconntrack:\n  min: 5\n\n  maxPerCore:\n    6\n");
    EXPECT_EQ(file.lines, (std::map<std::string, std::size_t, std::less<>>{
                              {"conntrack.maxPerCore", 7}, {"conntrack.min", 5}, {"mode", 3}}));
}

TEST(ReadConfig, UnknownFieldsAreIgnoredWithAWarningEach) {
    const auto file = read(
        "bindaddress: 1.2.3.4\n"
        "iptables:\n"
        "  syncperiod: 1s\n"
        "  somethingElseEntirely:\n"
        "    - 1\n"
        "metadata: {name: x}\n");
    EXPECT_THAT(file.errors, IsEmpty());
    EXPECT_THAT(
        file.warnings,
        ElementsAre(
            "kp.yaml:3: bindaddress: there is no such field, it is ignored; did you mean "
            "bindAddress?",
            "kp.yaml:5: iptables.syncperiod: there is no such field, it is ignored; did you mean "
            "syncPeriod?",
            "kp.yaml:6: iptables.somethingElseEntirely: there is no such field, it is ignored",
            "kp.yaml:8: metadata: there is no such field, it is ignored"));
    EXPECT_EQ(file.config, ProxyConfig{});
}

TEST(ReadConfig, OfAFieldGivenTwiceTheLastCounts) {
    const auto file = read(
        "mode: ipvs\n"
        "iptables:\n"
        "  syncPeriod: 5s\n"
        "  syncPeriod: 6s\n"
        "mode: nftables\n");
    EXPECT_THAT(file.errors, IsEmpty());
    EXPECT_EQ(file.config.mode, "nftables");
    EXPECT_EQ(file.config.iptables.sync_period, 6s);
    EXPECT_THAT(file.warnings,
                ElementsAre("kp.yaml:6: iptables.syncPeriod: is given more than once, this one "
                            "counts",
                            "kp.yaml:7: mode: is given more than once, this one counts"));
}

TEST(ReadConfig, OfAFieldGivenTwiceInJsonTheLastCountsToo) {
    const auto file = read_config(
        R"({"kind": "KubeProxyConfiguration",
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "mode": "a", "mode": "b"})",
        "kp.json");
    EXPECT_EQ(file.config.mode, "b");
    EXPECT_THAT(file.warnings, ElementsAre(HasSubstr("kp.json:2: mode: is given more than once")));
}

TEST(ReadConfig, WarningsAndErrorsAreBounded) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += "unknown" + std::to_string(i) + ": 1\n";
    }
    text += "nodePortAddresses:\n";
    const auto file = read(text);
    EXPECT_THAT(file.warnings, SizeIs(21));
    EXPECT_EQ(file.warnings.back(), "kp.yaml: 80 more fields that do not exist");
}

TEST(ReadConfig, AllFaultsAreToldInOrder) {
    const auto file =
        read("oomScoreAdj: 5000\nmode: []\nconntrack: 5\niptables: {syncPeriod: x}\n");
    EXPECT_THAT(
        file.errors,
        ElementsAre("kp.yaml:3: oomScoreAdj: 5000 is out of range: oomScoreAdj is a whole number "
                    "from -1000 to 1000",
                    "kp.yaml:4: mode: this is a list where text belongs",
                    "kp.yaml:5: conntrack: 5 is a number where an object belongs",
                    "kp.yaml:6: iptables.syncPeriod: \"x\" is not a duration; give one such as "
                    "500ms, 30s or 1m30s"));
}

TEST(ReadConfig, WhatIsNoConfigurationIsRefused) {
    const auto refused = [](std::string_view text) {
        const auto file = read_config(text, "f");
        return file.errors.empty() ? std::string() : file.errors.front();
    };
    EXPECT_EQ(refused(""), "f: is empty where a KubeProxyConfiguration belongs");
    EXPECT_EQ(refused("# nothing\n---\n"), "f: is empty where a KubeProxyConfiguration belongs");
    EXPECT_EQ(refused("- 1\n"), "f:1: this is no KubeProxyConfiguration");
    EXPECT_EQ(refused("just words\n"), "f:1: this is no KubeProxyConfiguration");
    EXPECT_EQ(refused("mode: x\n"),
              "f:1: apiVersion is missing; give \"apiVersion: "
              "kubeproxy.config.k8s.io/v1alpha1\"");
    EXPECT_EQ(refused("apiVersion: kubeproxy.config.k8s.io/v1alpha1\n"),
              "f:1: kind is missing; give \"kind: KubeProxyConfiguration\"");
    EXPECT_EQ(refused("\nkind: KubeletConfiguration\napiVersion: "
                      "kubeproxy.config.k8s.io/v1alpha1\n"),
              "f:2: kind: this must be KubeProxyConfiguration");
    EXPECT_EQ(refused("kind: KubeProxyConfiguration\napiVersion: "
                      "kubeproxy.config.k8s.io/v1beta1\n"),
              "f:2: apiVersion: this must be kubeproxy.config.k8s.io/v1alpha1");
    EXPECT_EQ(refused(std::string(kHeader) + "---\n" + std::string(kHeader)),
              "f:3: a second document begins here; give one KubeProxyConfiguration only");
    EXPECT_THAT(refused("kind: [\n"), HasSubstr("f:"));
    EXPECT_THAT(refused("a: b: c\n"), HasSubstr("f:1: "));
    EXPECT_THAT(refused("\tmode: x\n"), HasSubstr("f:1: "));
}

TEST(ReadConfig, ADocumentMayBeginWithItsMarker) {
    const auto file = read_config("---\n" + std::string(kHeader) + "mode: 5\n", "f");
    EXPECT_THAT(file.errors, ElementsAre("f:4: mode: 5 is a number where text belongs: put it in "
                                         "quotes"));
}

struct Refusal {
    const char* text;
    const char* message;
};
struct Refused : testing::TestWithParam<Refusal> {};

TEST_P(Refused, WithAReason) {
    EXPECT_THAT(read(GetParam().text).errors,
                ElementsAre(std::string("kp.yaml:3: ") + GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Values, Refused,
    testing::Values(
        Refusal{"bindAddress: eth0",
                "bindAddress: \"eth0\" is not an IP address; give the node's own address, such as "
                "192.0.2.10 or 2001:db8::10"},
        Refusal{"bindAddressHardFail: maybe",
                "bindAddressHardFail: \"maybe\" is text where true or false belongs"},
        Refusal{"clientConnection: {burst: -1}",
                "clientConnection.burst: -1 is out of range: burst is a whole number from 0 to "
                "2147483647"},
        Refusal{"clientConnection: {qps: fast}",
                "clientConnection.qps: \"fast\" is text where a number belongs"},
        Refusal{"clusterCIDR: 10.0.0.0/33",
                "clusterCIDR: \"10.0.0.0/33\" is not a network; give one CIDR or an IPv4,IPv6 pair "
                "such as 10.244.0.0/16,fd00:10:244::/56"},
        Refusal{"clusterCIDR: 10.0.0.0/16,10.1.0.0/16",
                "clusterCIDR: \"10.0.0.0/16,10.1.0.0/16\" is more than one network of a family; "
                "give one CIDR or an IPv4,IPv6 pair such as 10.244.0.0/16,fd00:10:244::/56"},
        Refusal{"configSyncPeriod: -1s",
                "configSyncPeriod: -1s is negative; give a duration such as 30s"},
        Refusal{"conntrack: {tcpEstablishedTimeout: 60}",
                "conntrack.tcpEstablishedTimeout: 60 is a number; give a duration such as 500ms, "
                "30s or 1m30s"},
        Refusal{"conntrack: {maxPerCore: 1.5}",
                "conntrack.maxPerCore: this is a number with a fraction or an exponent: maxPerCore "
                "is a whole number from 0 to 2147483647"},
        Refusal{"detectLocalMode: clustercidr",
                "detectLocalMode: there is no mode \"clustercidr\"; give one of: ClusterCIDR, "
                "NodeCIDR, BridgeInterface, InterfaceNamePrefix"},
        Refusal{"featureGates: {A: 1}",
                "featureGates.A: 1 is a number where true or false belongs"},
        Refusal{"featureGates: [A]", "featureGates: this is a list where an object belongs"},
        Refusal{"healthzBindAddress: localhost:10256",
                "healthzBindAddress: \"localhost:10256\" is not an address to listen on; give one "
                "such as 0.0.0.0:10256 or [::]:10256"},
        Refusal{"metricsBindAddress: 127.0.0.1:70000",
                "metricsBindAddress: \"127.0.0.1:70000\" is not an address to listen on; give one "
                "such as 0.0.0.0:10249 or [::]:10249"},
        Refusal{"hostnameOverride: 5",
                "hostnameOverride: 5 is a number where text belongs: put it in quotes"},
        Refusal{"iptables: {masqueradeBit: 32}",
                "iptables.masqueradeBit: 32 is out of range: masqueradeBit is a whole number from "
                "0 to 31"},
        Refusal{"ipvs: {excludeCIDRs: [10.0.0.1]}",
                "ipvs.excludeCIDRs[0]: \"10.0.0.1\" is not a network; give networks such as "
                "192.0.2.0/24"},
        Refusal{"nftables: {masqueradeAll: \"true\"}",
                "nftables.masqueradeAll: \"true\" is text where true or false belongs"},
        Refusal{"nodePortAddresses: primary",
                "nodePortAddresses: \"primary\" is text where a list belongs"},
        Refusal{"nodePortAddresses: [primary, 10.0.0.0/8]",
                "nodePortAddresses[1]: \"primary\" cannot be mixed with networks; give either it "
                "alone or networks"},
        Refusal{"nodePortAddresses: [10.0.0.1]",
                "nodePortAddresses[0]: \"10.0.0.1\" is not a network; give \"primary\" or networks "
                "such as 192.0.2.0/24,2001:db8::/64"},
        Refusal{"switchyard: {logLevel: loud}",
                "switchyard.logLevel: there is no level \"loud\"; give one of: debug, info, "
                "warning, error"},
        Refusal{"switchyard: {manifests: /a}",
                "switchyard.manifests: \"/a\" is text where a list belongs"},
        Refusal{"switchyard: {ebpf: {maxServices: 1023}}",
                "switchyard.ebpf.maxServices: 1023 is out of range: maxServices is a whole number "
                "from 1024 to 16777216"},
        Refusal{"switchyard: {ebpf: {skipNetns: /run/netns/a}}",
                "switchyard.ebpf.skipNetns: \"/run/netns/a\" is text where a list belongs"},
        Refusal{
            "logging: {vmodule: [{filePattern: a, verbosity: b}]}",
            "logging.vmodule[0].verbosity: \"b\" is text: verbosity is a whole number from 0 to "
            "2147483647, without quotes"}));

}  // namespace
}  // namespace sy
