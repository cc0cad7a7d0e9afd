// What others have on the same hooks, and a second daemon.
#include <gmock/gmock.h>
#include <linux/bpf.h>

#include "backends/ebpf/kernel/cgroup.h"
#include "backends/ebpf/kernel/hook.h"
#include "backends/ebpf/kernel/link.h"
#include "ebpf_kernel_lab.h"

namespace sy::ebpf {
namespace {

const EndpointAddr kVip = address("10.96.0.1", 80);

using EbpfNeighbours = EbpfKernel;

TEST_F(EbpfNeighbours, ProgramsOfOthersStay) {
    const auto cgroup = must(Cgroup::open(scope.cgroup()));
    std::vector<Link> theirs;
    for (const Hook& hook : hooks()) {
        const auto program = must(load_bystander(hook.attach_type));
        theirs.push_back(must(Link::attach(program.get(), cgroup.fd(), hook.attach_type)));
    }
    ASSERT_TRUE(kernel->probe());
    EXPECT_EQ(attached_to(scope.cgroup()), 8U);
    const Server server(ns, Family::ipv4);
    const auto maps = create();
    program(*maps, kVip, server.address());
    activate(*maps);
    EXPECT_EQ(attached_to(scope.cgroup()), 16U);
    EXPECT_TRUE(reaches(kVip, server));
    must(kernel->remove_all());
    EXPECT_EQ(attached_to(scope.cgroup()), 8U);
    for (const Link& link : theirs) {
        EXPECT_EQ(must(link.facts()).cgroup, cgroup.id());
    }
}

TEST_F(EbpfNeighbours, TwoFoldersOnTwoCgroupsAreIndependent) {
    const Server server(ns, Family::ipv4);
    const Server other(ns, Family::ipv4);
    const auto maps = create();
    program(*maps, kVip, server.address());
    activate(*maps);

    lab::BpfScope second = must(lab::BpfScope::create());
    EbpfSettings theirs = settings;
    theirs.cgroup_root = second.cgroup();
    theirs.bpf_root = scope.folder() / "other";
    const auto kernel2 = open(theirs);
    const auto maps2 = must(kernel2->create(kSizes, nullptr));
    program(*maps2, kVip, other.address());
    must(kernel2->activate(*maps2));

    EXPECT_TRUE(reaches(kVip, server));
    must(second.join());
    EXPECT_TRUE(reaches(kVip, other));
    EXPECT_TRUE(must(kernel->remove_all()));
    EXPECT_TRUE(reaches(kVip, other));
    EXPECT_TRUE(must(kernel2->is_active(*maps2)));
    must(second.leave());
    must(scope.join());
    EXPECT_TRUE(misses(kVip));
    EXPECT_TRUE(must(kernel2->remove_all()));
}

TEST_F(EbpfNeighbours, AFolderThatIsNoBpfFileSystemIsRefused) {
    settings.bpf_root = "/tmp/no-bpf-here/switchyard";
    kernel = open();
    const auto probed = kernel->probe();
    ASSERT_FALSE(probed);
    EXPECT_THAT(probed.error().message(), testing::HasSubstr("mount -t bpf"));
    EXPECT_FALSE(kernel->create(kSizes, nullptr));
    EXPECT_FALSE(must(kernel->remove_all()));
}

TEST_F(EbpfNeighbours, ACgroupThatIsNoneIsRefused) {
    for (const char* folder : {"/tmp", "/no/such/cgroup"}) {
        settings.cgroup_root = folder;
        kernel = open();
        const auto probed = kernel->probe();
        ASSERT_FALSE(probed);
        EXPECT_THAT(probed.error().message(), testing::HasSubstr("cgroup"));
    }
}

TEST_F(EbpfNeighbours, AMapThatCannotBeMadeIsNamed) {
    Sizes absurd = kSizes;
    absurd.clients = 0;
    const auto refused = kernel->create(absurd, nullptr);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), testing::HasSubstr("'clients'"));
    EXPECT_FALSE(std::filesystem::exists(settings.bpf_root));
}

}  // namespace
}  // namespace sy::ebpf
