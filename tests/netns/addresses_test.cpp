// Following interface addresses, in a network namespace of its own.
#include "os/addresses.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sched.h>

#include <cstdlib>
#include <string>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

IpAddr ip(const char* text) {
    return *IpAddr::parse(text);
}
bool shell(const std::string& command) {
    return std::system(command.c_str()) == 0;
}

class AddressesTest : public testing::Test {
  protected:
    void SetUp() override {
        if (unshare(CLONE_NEWNET) != 0) {
            GTEST_SKIP() << "network namespaces need root";
        }
        ASSERT_TRUE(
            shell("ip link set lo up && ip link add d0 type veth peer name p0 && "
                  "ip link set d0 addrgenmode none && ip link set d0 up"));
    }
};

TEST_F(AddressesTest, KnowsWhatIsThereAndFollowsChanges) {
    ASSERT_TRUE(shell("ip addr add 192.0.2.1/24 dev d0"));
    auto watch = AddressWatch::open();
    ASSERT_TRUE(watch) << watch.error().message();
    EXPECT_THAT(watch->addresses(), ElementsAre(ip("192.0.2.1")));
    EXPECT_EQ(watch->refresh(), false) << "no news";
    ASSERT_TRUE(
        shell("ip addr add 192.0.2.2/24 dev d0 && "
              "ip addr add 2001:db8::1/64 dev d0 nodad"));
    pollfd news{.fd = watch->fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&news, 1, 0), 1);
    EXPECT_EQ(watch->refresh(), true);
    // The kernel tells of IPv6 addresses from a work queue of its own.
    while (watch->addresses().size() < 3 && poll(&news, 1, 10'000) == 1) {
        EXPECT_TRUE(watch->refresh());
    }
    EXPECT_THAT(watch->addresses(),
                ElementsAre(ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")));
    ASSERT_TRUE(shell("ip addr del 192.0.2.2/24 dev d0"));
    EXPECT_EQ(watch->refresh(), true);
    ASSERT_TRUE(shell("ip link del d0"));
    EXPECT_EQ(watch->refresh(), true);
    EXPECT_THAT(watch->addresses(), IsEmpty());
}

TEST_F(AddressesTest, AnAddressOnTwoInterfacesStaysUntilBothAreGone) {
    ASSERT_TRUE(
        shell("ip link add d1 type veth peer name p1 && ip link set d1 addrgenmode none && ip link "
              "set d1 up && "
              "ip addr add 192.0.2.1/32 dev d0 && ip addr add 192.0.2.1/32 dev d1"));
    auto watch = AddressWatch::open();
    ASSERT_TRUE(watch);
    EXPECT_THAT(watch->addresses(), SizeIs(1));
    ASSERT_TRUE(shell("ip link del d1"));
    EXPECT_EQ(watch->refresh(), false);
    EXPECT_THAT(watch->addresses(), ElementsAre(ip("192.0.2.1")));
}

TEST_F(AddressesTest, NewsThatWereLostAreMadeUpFor) {
    auto watch = AddressWatch::open();
    ASSERT_TRUE(watch);
    // More notifications than the socket's buffer can hold.
    ASSERT_TRUE(
        shell("for i in $(seq 1 20); do for j in $(seq 1 250); do "
              "echo addr add 10.9.$i.$j/32 dev d0; done; done | ip -batch -"));
    EXPECT_EQ(watch->refresh(), true);
    EXPECT_THAT(watch->addresses(), SizeIs(5000));
}

}  // namespace
}  // namespace sy
