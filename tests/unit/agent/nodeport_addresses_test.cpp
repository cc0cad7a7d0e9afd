#include "agent/nodeport_addresses.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

IpAddr ip(const char* text) {
    return *IpAddr::parse(text);
}
Cidr net(const char* text) {
    return *Cidr::parse(text);
}

const std::vector<IpAddr> kInterfaces{ip("127.0.0.1"), ip("192.0.2.10"),   ip("10.9.0.1"),
                                      ip("::1"),       ip("2001:db8::10"), ip("fe80::1"),
                                      ip("10.9.0.1")};

NodePortSelection networks(std::vector<Cidr> cidrs) {
    return {.primary = false, .cidrs = cidrs};
}

TEST(NodePortAddresses, EmptyListIsEveryAddressButLoopback) {
    const auto out = nodeport_addresses(networks({}), kInterfaces, {});
    EXPECT_THAT(out.addresses,
                ElementsAre(ip("10.9.0.1"), ip("192.0.2.10"), ip("2001:db8::10"), ip("fe80::1")));
}

TEST(NodePortAddresses, NetworksSelectTheirFamilyAndLeaveTheOtherOpen) {
    const auto out = nodeport_addresses(networks({net("192.0.2.0/24")}), kInterfaces, {});
    EXPECT_THAT(out.addresses, ElementsAre(ip("192.0.2.10"), ip("2001:db8::10"), ip("fe80::1")));
}

TEST(NodePortAddresses, LoopbackIsNeverSelected) {
    const auto out =
        nodeport_addresses(networks({net("127.0.0.0/8"), net("::1/128")}), kInterfaces, {});
    EXPECT_THAT(out.addresses, IsEmpty());
}

TEST(NodePortAddresses, ZeroNetworkIsEveryAddressOfItsFamily) {
    const auto out =
        nodeport_addresses(networks({net("0.0.0.0/0"), net("2001:db8::/64")}), kInterfaces, {});
    EXPECT_THAT(out.addresses, ElementsAre(ip("10.9.0.1"), ip("192.0.2.10"), ip("2001:db8::10")));
}

TEST(NodePortAddresses, PrimaryIsTheNodeIpOfEachFamily) {
    const auto out =
        nodeport_addresses({}, kInterfaces, {.ipv4 = ip("192.0.2.10"), .ipv6 = ip("2001:db8::10")});
    EXPECT_THAT(out.addresses, ElementsAre(ip("192.0.2.10"), ip("2001:db8::10")));
    EXPECT_THAT(out.unknown_primary, IsEmpty());
}

TEST(NodePortAddresses, PrimaryWithoutNodeIpServesNothingInThatFamilyAndSaysSo) {
    const auto out = nodeport_addresses({}, kInterfaces, {.ipv4 = ip("192.0.2.10"), .ipv6 = {}});
    EXPECT_THAT(out.addresses, ElementsAre(ip("192.0.2.10")));
    EXPECT_THAT(out.unknown_primary, ElementsAre(Family::ipv6));
}

TEST(NodePortAddresses, NobodyMissesAFamilyThatTheNodeDoesNotUse) {
    const std::vector<IpAddr> interfaces{ip("192.0.2.10"), ip("fe80::1"), ip("::1")};
    const auto out = nodeport_addresses({}, interfaces, {.ipv4 = ip("192.0.2.10"), .ipv6 = {}});
    EXPECT_THAT(out.unknown_primary, IsEmpty());
}

TEST(NodePortAddresses, PrimaryThatNoInterfaceHasIsNotServed) {
    const auto out = nodeport_addresses({}, kInterfaces, {.ipv4 = ip("203.0.113.7"), .ipv6 = {}});
    EXPECT_THAT(out.addresses, IsEmpty());
}

TEST(NodeIps, BindAddressReplacesTheNodeIpOfItsFamily) {
    const std::vector<IpAddr> object{ip("192.0.2.10"), ip("2001:db8::10"), ip("10.9.0.1")};
    EXPECT_EQ(node_ips(std::nullopt, object),
              (NodeIps{.ipv4 = ip("192.0.2.10"), .ipv6 = ip("2001:db8::10")}));
    EXPECT_EQ(node_ips(ip("10.9.0.1"), object),
              (NodeIps{.ipv4 = ip("10.9.0.1"), .ipv6 = ip("2001:db8::10")}));
    EXPECT_EQ(node_ips(ip("0.0.0.0"), object).ipv4, ip("192.0.2.10"));
    EXPECT_EQ(node_ips(ip("2001:db8::99"), {}), (NodeIps{.ipv4 = {}, .ipv6 = ip("2001:db8::99")}));
}

}  // namespace
}  // namespace sy
