#include "os/netns.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace sy {
namespace {

uint32_t own_inode() {
    struct stat facts{};
    return stat("/proc/self/ns/net", &facts) == 0 ? static_cast<uint32_t>(facts.st_ino) : 0;
}

TEST(Netns, IsFoundByAProcessInIt) {
    const auto found = find_netns({own_inode(), 1}, {"/proc", {}});
    ASSERT_EQ(found.size(), 1U);
    struct stat facts{};
    ASSERT_EQ(fstat(found.at(own_inode()).get(), &facts), 0);
    EXPECT_EQ(facts.st_ino, own_inode());
}

TEST(Netns, IsFoundByAMount) {
    EXPECT_EQ(find_netns({own_inode()}, {"/nowhere", {"/nowhere", "/proc/self/ns"}}).size(), 1U);
}

TEST(Netns, NothingIsLookedForWithoutNeed) {
    EXPECT_TRUE(find_netns({}).empty());
    EXPECT_TRUE(find_netns({own_inode()}, {"/nowhere", {}}).empty());
}

TEST(Netns, HasACookie) {
    const auto cookie = netns_cookie();
    ASSERT_TRUE(cookie) << cookie.error().message();
    EXPECT_NE(*cookie, 0U);
}

TEST(Netns, AFileThatIsNoneHasNoCookie) {
    EXPECT_FALSE(netns_cookie_of("/nowhere"));
    EXPECT_FALSE(netns_cookie_of("/proc/self/status"));
}

}  // namespace
}  // namespace sy
