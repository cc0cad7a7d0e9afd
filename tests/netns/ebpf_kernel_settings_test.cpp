// What the settings decide, and what they opt out.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "ebpf_kernel_lab.h"
#include "os/netns.h"
#include "tests/support/socket_address.h"

namespace sy::ebpf {
namespace {

using testing::HasSubstr;
using testing::Not;

const EndpointAddr kVip = address("10.96.0.1", 80);

class EbpfSettingsTest : public EbpfKernel {
  protected:
    std::unique_ptr<MapSet> active() {
        kernel = open();
        auto maps = create();
        program(*maps, kVip, server.address());
        activate(*maps);
        return maps;
    }
    /// What getpeername says of a connection to the VIP.
    EndpointAddr peer() const {
        const lab::Entered inside(ns);
        const Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const lab::SocketAddress vip(kVip.ip, kVip.port);
        EXPECT_EQ(::connect(client.get(), vip.get(), vip.size), 0);
        lab::SocketAddress shown;
        EXPECT_EQ(getpeername(client.get(), shown.get(), &shown.size), 0);
        return shown.endpoint();
    }

    Server server{ns, Family::ipv4};
};

TEST_F(EbpfSettingsTest, TheNodesNamespaceIsTheCallersAtTheStart) {
    const auto maps = create();
    uint64_t cookie = 0;
    {
        const lab::Entered inside(ns);
        cookie = must(netns_cookie());
    }
    EXPECT_EQ(maps->arrays().settings->host_netns, cookie);
    EXPECT_NE(must(netns_cookie()), cookie);
}

TEST_F(EbpfSettingsTest, WhatIsOfAnotherNamespaceIsKnown) {
    EXPECT_FALSE(belongs_elsewhere(settings)) << "there is nothing";
    const auto maps = active();
    EXPECT_TRUE(belongs_elsewhere(settings));
    const lab::Entered inside(ns);
    EXPECT_FALSE(belongs_elsewhere(settings));
}

TEST_F(EbpfSettingsTest, TheVipIsShownIfWanted) {
    auto maps = active();
    EXPECT_EQ(peer(), kVip);
    settings.show_vip = false;
    kernel = open();
    maps = find();
    EXPECT_TRUE(is_active(*maps));
    EXPECT_EQ(peer(), server.address());
}

TEST_F(EbpfSettingsTest, FlagsOfTheBackendStay) {
    auto maps = active();
    maps->arrays().settings->flags |= SY_SETTING_HOST_ONLY | SY_SETTING_LOOPBACK4;
    settings.show_vip = false;
    settings.skip_cgroups = {"/"};
    kernel = open();
    maps = find();
    EXPECT_EQ(maps->arrays().settings->flags,
              SY_SETTING_HOST_ONLY | SY_SETTING_LOOPBACK4 | SY_SETTING_SKIP);
}

TEST_F(EbpfSettingsTest, CgroupsAreLeftAlone) {
    const std::string name = scope.cgroup().filename();
    settings.skip_cgroups = {name + "/quiet"};
    const std::filesystem::path quiet = scope.cgroup() / "quiet";
    const std::filesystem::path inner = quiet / "inner";
    std::filesystem::create_directories(inner);
    auto maps = active();
    EXPECT_TRUE(reaches(kVip, server));
    for (const auto& cgroup : {quiet, inner}) {
        must(lab::move_to_cgroup(getpid(), cgroup));
        EXPECT_TRUE(misses(kVip));
    }
    must(scope.join());
    EXPECT_TRUE(reaches(kVip, server));
    // No longer opted out.
    settings.skip_cgroups.clear();
    kernel = open();
    maps = find();
    must(lab::move_to_cgroup(getpid(), inner));
    EXPECT_TRUE(reaches(kVip, server));
    EXPECT_EQ(maps->arrays().settings->flags & SY_SETTING_SKIP, 0U);
}

TEST_F(EbpfSettingsTest, NamespacesAreLeftAlone) {
    settings.skip_netns = {ns.path()};
    active();
    EXPECT_TRUE(misses(kVip));
    must(kernel->remove_all());
    const lab::NetNs other = must(lab::NetNs::create());
    settings.skip_netns = {other.path()};
    active();
    EXPECT_TRUE(reaches(kVip, server));
}

TEST_F(EbpfSettingsTest, WhatDoesNotExistIsToldOnceAndLookedForAgain) {
    const std::string name = scope.cgroup().filename();
    settings.skip_cgroups = {name + "/later"};
    settings.skip_netns = {"/run/netns/no-such-one"};
    const auto maps = active();
    EXPECT_THAT(log.text(), HasSubstr("/later"));
    EXPECT_THAT(log.text(), HasSubstr("/run/netns/no-such-one"));
    EXPECT_TRUE(reaches(kVip, server));
    const std::string told = log.text();
    std::filesystem::create_directory(scope.cgroup() / "later");
    activate(*maps);
    EXPECT_EQ(log.text(), told);
    must(lab::move_to_cgroup(getpid(), scope.cgroup() / "later"));
    EXPECT_TRUE(misses(kVip));
}

TEST_F(EbpfSettingsTest, GraceReturns) {
    kernel->grace();
}

}  // namespace
}  // namespace sy::ebpf
