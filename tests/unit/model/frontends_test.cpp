#include "model/frontends.h"

#include <gtest/gtest.h>

#include <unordered_set>

#include "build.h"

namespace sy {
namespace {

using namespace test;

TEST(AddressesIn, AreSortedUniqueAndOfTheFamily) {
    auto s = dual("web", "10.96.0.1", "fd00:96::1");
    s.external_ips = ips({"198.51.100.9", "2001:db8::9", "198.51.100.7", "198.51.100.9"});
    const auto v4 = addresses_in(s, Family::ipv4);
    ASSERT_TRUE(v4);
    EXPECT_EQ(v4->cluster_ip, ip("10.96.0.1"));
    EXPECT_EQ(v4->external_ips, ips({"198.51.100.7", "198.51.100.9"}));
    const auto v6 = addresses_in(s, Family::ipv6);
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->external_ips, ips({"2001:db8::9"}));
}

TEST(AddressesIn, NothingWithoutAClusterIpOfTheFamily) {
    EXPECT_FALSE(addresses_in(service("web", "10.96.0.1"), Family::ipv6));
    auto s = service("web", "10.96.0.1");
    s.family_ips = {{Family::ipv6, ip("fd00::1")}};
    EXPECT_FALSE(addresses_in(s, Family::ipv4));
    EXPECT_TRUE(addresses_in(s, Family::ipv6));
}

TEST(HasExternalLocal, OnlyWhereTheServiceCanBeReachedFromOutside) {
    auto s = service("web", "10.96.0.1");
    EXPECT_FALSE(has_external_local(s));
    s.external_policy = TrafficPolicy::local;
    EXPECT_FALSE(has_external_local(s));
    s.external_ips = ips({"198.51.100.7"});
    EXPECT_TRUE(has_external_local(s));
    s.external_ips.clear();
    s.type = ServiceType::node_port;
    EXPECT_TRUE(has_external_local(s));
    s.type = ServiceType::load_balancer;
    EXPECT_TRUE(has_external_local(s));
    s.external_policy = TrafficPolicy::cluster;
    EXPECT_FALSE(has_external_local(s));
}

TEST(FrontendKey, HashTellsAddressProtocolAndPortApart) {
    const std::unordered_set<FrontendKey> keys{
        {ip("10.0.0.1"), Protocol::tcp, Port(80)}, {ip("10.0.0.2"), Protocol::tcp, Port(80)},
        {ip("10.0.0.1"), Protocol::udp, Port(80)}, {ip("10.0.0.1"), Protocol::tcp, Port(81)},
        {ip("::"), Protocol::tcp, Port(80)},       {ip("0.0.0.0"), Protocol::tcp, Port(80)},
    };
    EXPECT_EQ(keys.size(), 6U);
}

}  // namespace
}  // namespace sy
