#include "os/mounts.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using testing::ElementsAre;

constexpr std::string_view kHybrid =
    "24 1 254:0 / / rw,relatime - ext4 /dev/root rw\n"
    "31 24 0:27 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755\n"
    "32 31 0:28 / /sys/fs/cgroup/unified rw,nosuid shared:10 master:4 - cgroup2 cgroup2 rw\n"
    "33 31 0:29 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,name=systemd\n";

TEST(Mounts, AreReadFromTheKernelsText) {
    EXPECT_THAT(parse_mounts(kHybrid),
                ElementsAre(Mount{"/", "/", "ext4"}, Mount{"/", "/sys/fs/cgroup", "tmpfs"},
                            Mount{"/", "/sys/fs/cgroup/unified", "cgroup2"},
                            Mount{"/", "/sys/fs/cgroup/systemd", "cgroup"}));
}

TEST(Mounts, SpacesInNamesAreOctal) {
    EXPECT_THAT(parse_mounts("36 35 98:0 /a\\040b /mnt\\011x\\134y\\04 rw - bpf none rw\n"),
                ElementsAre(Mount{"/a b", "/mnt\tx\\y\\04", "bpf"}));
}

TEST(Mounts, OtherLinesAreSkipped) {
    EXPECT_THAT(parse_mounts(""), ElementsAre());
    EXPECT_THAT(parse_mounts("36 35 98:0 / /mnt rw\n36 35 98:0 / /mnt rw -\n\n  - \n36\n"),
                ElementsAre());
    // A dash that is a name ends no optional fields.
    EXPECT_THAT(parse_mounts("36 35 98:0 - - rw - bpf none rw"),
                ElementsAre(Mount{"-", "-", "bpf"}));
}

TEST(Cgroup2, IsFoundInAHybridHierarchy) {
    EXPECT_EQ(cgroup2_of(parse_mounts(kHybrid)), "/sys/fs/cgroup/unified");
}

TEST(Cgroup2, IsFoundInAUnifiedHierarchy) {
    EXPECT_EQ(cgroup2_of(parse_mounts("30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 c rw\n")),
              "/sys/fs/cgroup");
}

TEST(Cgroup2, AMountOfAllOfItIsPreferred) {
    EXPECT_EQ(
        cgroup2_of({{"/pod", "/a", "cgroup2"}, {"/", "/b", "cgroup2"}, {"/", "/c", "cgroup2"}}),
        "/b");
    EXPECT_EQ(cgroup2_of({{"/pod", "/a", "cgroup2"}, {"/pod2", "/b", "cgroup2"}}), "/a");
    EXPECT_EQ(cgroup2_of({{"/", "/a", "cgroup"}, {"/", "/b", "bpf"}}), std::nullopt);
}

TEST(Bpffs, ElsewhereIsTheUsersAffair) {
    const auto elsewhere = require_bpffs("/proc/no-bpf-here/switchyard");
    ASSERT_FALSE(elsewhere);
    EXPECT_THAT(elsewhere.error().message(), testing::HasSubstr("mount -t bpf"));
    EXPECT_FALSE(require_bpffs("/sys/fs/bpf/../elsewhere"));
    EXPECT_FALSE(require_bpffs("relative"));
}

}  // namespace
}  // namespace sy
