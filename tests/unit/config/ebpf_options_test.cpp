#include "config/ebpf_options.h"

#include <gmock/gmock.h>

#include "config/options.h"

namespace sy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Surroundings kHere{.proxy_modes = {"nftables", "ebpf"}, .hostname = "n1"};

Interpretation interpreted(const ProxyConfig& config) {
    return interpret(config, kHere, [](std::string_view path) { return std::string(path); });
}

ProxyConfig ebpf() {
    ProxyConfig config;
    config.mode = "ebpf";
    return config;
}

EbpfConfig everything() {
    return {.cgroup_root = "/sys/fs/cgroup/unified/",
            .bpf_root = "/sys/fs/bpf/other",
            .max_frontends = 1024,
            .max_services = 2000,
            .max_endpoints = 3000,
            .affinity_clients = 4000,
            .show_vip = false,
            .skip_cgroups = {"/system.slice/sshd.service/"},
            .skip_netns = {"/run/netns/x", "/proc/1/ns/net"}};
}

TEST(EbpfSettings, NothingGivenMeansTheDefaults) {
    const auto result = interpreted(ebpf());
    EXPECT_THAT(result.errors, IsEmpty());
    EXPECT_THAT(result.inert, IsEmpty());
    EXPECT_THAT(result.options.warnings, IsEmpty());
    EXPECT_EQ(result.options.proxy_mode, "ebpf");
    EXPECT_EQ(result.options.backend, BackendSettings{});
}

TEST(EbpfSettings, TakesWhatIsGiven) {
    auto config = ebpf();
    config.switchyard.ebpf = everything();
    const auto result = interpreted(config);
    EXPECT_THAT(result.errors, IsEmpty());
    EXPECT_THAT(result.inert, IsEmpty());
    EXPECT_EQ(result.options.backend.ebpf,
              (EbpfSettings{.cgroup_root = "/sys/fs/cgroup/unified",
                            .bpf_root = "/sys/fs/bpf/other",
                            .max_frontends = 1024,
                            .max_services = 2000,
                            .max_endpoints = 3000,
                            .affinity_clients = 4000,
                            .show_vip = false,
                            .skip_cgroups = {"/system.slice/sshd.service"},
                            .skip_netns = {"/run/netns/x", "/proc/1/ns/net"}}));
}

TEST(EbpfSettings, InAnotherModeOnlyThePlacesCount) {
    ProxyConfig config;
    config.switchyard.ebpf = everything();
    const auto result = interpreted(config);
    EXPECT_THAT(result.inert,
                ElementsAre("switchyard.ebpf.affinityClients", "switchyard.ebpf.maxEndpoints",
                            "switchyard.ebpf.maxFrontends", "switchyard.ebpf.maxServices",
                            "switchyard.ebpf.showVIP", "switchyard.ebpf.skipCgroups",
                            "switchyard.ebpf.skipNetns"));
    EbpfSettings wanted;
    wanted.cgroup_root = "/sys/fs/cgroup/unified";
    wanted.bpf_root = "/sys/fs/bpf/other";
    EXPECT_EQ(result.options.backend.ebpf, wanted);
}

TEST(EbpfSettings, PathsAreAbsoluteAndWithoutDetours) {
    for (const char* path : {"here", "./a", "/a/../b", "/a/./b", "/a//b", "/.."}) {
        auto config = ebpf();
        config.switchyard.ebpf.bpf_root = path;
        config.switchyard.ebpf.cgroup_root = path;
        config.switchyard.ebpf.skip_cgroups = {path};
        config.switchyard.ebpf.skip_netns = {path};
        EXPECT_THAT(interpreted(config).errors,
                    ElementsAre(HasSubstr("bpfRoot"), HasSubstr("cgroupRoot"),
                                HasSubstr("skipCgroups"), HasSubstr("skipNetns")))
            << path;
    }
    auto config = ebpf();
    config.switchyard.ebpf.bpf_root = "bpf";
    EXPECT_THAT(interpreted(config).errors,
                ElementsAre("switchyard.ebpf.bpfRoot: \"bpf\" is not an absolute path without "
                            "\".\" and \"..\"; give one such as /sys/fs/bpf/switchyard"));
}

TEST(EbpfSettings, NotEverythingCanBePinnedToOrSkipped) {
    auto config = ebpf();
    config.switchyard.ebpf.bpf_root = "//";
    config.switchyard.ebpf.skip_cgroups = {"/"};
    EXPECT_THAT(interpreted(config).errors,
                ElementsAre(HasSubstr("switchyard.ebpf.bpfRoot: is the root of the file system"),
                            "switchyard.ebpf.skipCgroups: \"/\" is every process there is"));
}

TEST(EbpfSettings, LoopbackNeedsNoNetwork) {
    auto config = ebpf();
    config.node_port_addresses = NodePortSelection{
        .primary = false,
        .cidrs = {*Cidr::parse("0.0.0.0/0"), *Cidr::parse("::/0"), *Cidr::parse("::1/128")}};
    EXPECT_THAT(
        interpreted(config).options.warnings,
        ElementsAre("nodePortAddresses: ::1/128 has no effect, loopback serves NodePorts to "
                    "the node itself in any case"));
}

TEST(EbpfSettings, TheSectionNftablesIsThatOfTheModeToo) {
    auto config = ebpf();
    config.nftables.masquerade_all = true;
    config.nftables.sync_period = std::chrono::seconds(40);
    config.iptables.masquerade_bit = 3;
    const auto result = interpreted(config);
    EXPECT_TRUE(result.options.node.masquerade_all);
    EXPECT_EQ(result.options.sync_period, std::chrono::seconds(40));
    EXPECT_TRUE(result.options.node.nodeports.primary);
    EXPECT_THAT(result.inert, ElementsAre("iptables.masqueradeBit"));
}

}  // namespace
}  // namespace sy
