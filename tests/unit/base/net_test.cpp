#include "base/net.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace sy {
namespace {

TEST(Protocol, ReadsAndPrintsTheSpellingOfTheApi) {
    for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
        EXPECT_EQ(parse_protocol(to_string(protocol)), protocol);
    }
    EXPECT_EQ(to_string(Protocol::sctp), "SCTP");
    for (const auto* text : {"tcp", "", "TCP ", "6", "ICMP"}) {
        EXPECT_FALSE(parse_protocol(text)) << text;
    }
}

TEST(Protocol, ValueIsTheIanaNumber) {
    EXPECT_EQ(static_cast<int>(Protocol::tcp), 6);
    EXPECT_EQ(static_cast<int>(Protocol::udp), 17);
    EXPECT_EQ(static_cast<int>(Protocol::sctp), 132);
}

TEST(Port, HasOneDoorToNetworkByteOrder) {
    static_assert(!std::is_convertible_v<int, Port>);
    EXPECT_EQ(Port{443}.number(), 443);
    EXPECT_EQ(Port{443}.be16(), 0xbb01);
    EXPECT_EQ(Port{0x1234}.be16(), 0x3412);
    EXPECT_LT(Port{80}, Port{443});
    EXPECT_EQ(Port{}, Port{0});
}

TEST(EndpointAddr, OrdersByAddressThenPort) {
    const EndpointAddr low{IpAddr::v4(10, 0, 0, 1), Port(9)};
    const EndpointAddr high{IpAddr::v4(10, 0, 0, 1), Port(80)};
    const EndpointAddr other{IpAddr::v4(10, 0, 0, 2), Port(1)};
    EXPECT_LT(low, high);
    EXPECT_LT(high, other);
    const std::unordered_set<EndpointAddr> set{low, high, other, low};
    EXPECT_EQ(set.size(), 3U);
}

TEST(SocketAddress, IsWrittenAsInUrls) {
    EXPECT_EQ((SocketAddress{IpAddr::v4(127, 0, 0, 1), Port(10249)}.to_string()),
              "127.0.0.1:10249");
    EXPECT_EQ((SocketAddress{*IpAddr::parse("::1"), Port(10249)}.to_string()), "[::1]:10249");
}

}  // namespace
}  // namespace sy
