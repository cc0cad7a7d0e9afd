// Sets of maps: made, pinned, found again, removed.
#include <gmock/gmock.h>

#include "ebpf_kernel_lab.h"

namespace sy::ebpf {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const EndpointAddr kVip = address("10.96.0.1", 80);

TEST_F(EbpfKernel, CanDoAllThatIsNeeded) {
    const auto probed = kernel->probe();
    EXPECT_TRUE(probed) << probed.error().message() << log.text();
    EXPECT_EQ(attached_to(scope.cgroup()), 0U);
    EXPECT_THAT(pins(), IsEmpty());
}

TEST_F(EbpfKernel, HasNothingAtFirst) {
    const auto found = must(kernel->find());
    EXPECT_EQ(found.maps, nullptr);
    EXPECT_FALSE(found.other_layout);
    EXPECT_FALSE(must(kernel->remove_all()));
}

TEST_F(EbpfKernel, NothingIsTranslatedBeforeActivate) {
    const Server server(ns, Family::ipv4);
    const auto maps = create();
    program(*maps, kVip, server.address());
    EXPECT_FALSE(is_active(*maps));
    EXPECT_TRUE(misses(kVip));
    activate(*maps);
    EXPECT_TRUE(is_active(*maps));
    EXPECT_TRUE(reaches(kVip, server));
    EXPECT_EQ(attached_to(scope.cgroup()), 8U);
}

TEST_F(EbpfKernel, TranslatesIPv6) {
    const Server server(ns, Family::ipv6);
    const auto maps = create();
    program(*maps, address("fd00:96::1", 80), server.address());
    activate(*maps);
    EXPECT_TRUE(reaches(address("fd00:96::1", 80), server));
}

TEST_F(EbpfKernel, GoesOnWithoutAProcessAndIsAdopted) {
    const Server server(ns, Family::ipv4);
    auto maps = create();
    program(*maps, kVip, server.address());
    activate(*maps);
    maps.reset();
    kernel.reset();
    EXPECT_TRUE(reaches(kVip, server));
    kernel = open();
    maps = find();
    ASSERT_NE(maps, nullptr);
    EXPECT_EQ(maps->sizes(), kSizes);
    EXPECT_TRUE(is_active(*maps));
    EXPECT_EQ(must(maps->frontends4()).size(), 1U);
    EXPECT_EQ(sy_service_count(maps->arrays().services[1]), 1U);
    EXPECT_TRUE(reaches(kVip, server));
}

TEST_F(EbpfKernel, RemoveAllLeavesNothing) {
    const Server server(ns, Family::ipv4);
    const auto maps = create();
    program(*maps, kVip, server.address());
    activate(*maps);
    EXPECT_TRUE(must(kernel->remove_all()));
    EXPECT_EQ(attached_to(scope.cgroup()), 0U);
    EXPECT_TRUE(misses(kVip));
    EXPECT_FALSE(std::filesystem::exists(settings.bpf_root));
    EXPECT_FALSE(must(kernel->remove_all()));
}

}  // namespace
}  // namespace sy::ebpf
