#include "base/ip.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sy {
namespace {

TEST(IpAddr, ReadsAndPrintsCanonicalText) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {"10.0.0.1", "10.0.0.1"},     {"172.30.0.041", "172.30.0.41"},
        {"000010.0.0.1", "10.0.0.1"}, {"::", "::"},
        {"FD00:0:0::1", "fd00::1"},   {"::ffff:10.1.2.3", "10.1.2.3"},
    };
    for (const auto& [text, canonical] : cases) {
        const auto ip = IpAddr::parse(text);
        ASSERT_TRUE(ip) << text;
        EXPECT_EQ(ip->to_string(), canonical);
    }
}

TEST(IpAddr, RefusesWhatIsNoAddress) {
    for (const std::string text : {"", "10.0.0", "10.0.0.1.2", "256.0.0.1", "1.2.3.-4", " 1.2.3.4",
                                   "1.2.3.4 ", "1..2.3", "g::1", "fe80::1%eth0", "1.2.3.4/8"}) {
        EXPECT_FALSE(IpAddr::parse(text)) << text;
    }
    EXPECT_FALSE(IpAddr::parse(std::string_view("1::2\0x", 6)));
}

TEST(IpAddr, OrdersByFamilyThenValue) {
    EXPECT_LT(IpAddr::v4(10, 0, 0, 2), IpAddr::v4(10, 0, 0, 10));
    EXPECT_LT(IpAddr::v4(255, 0, 0, 1), *IpAddr::parse("::"));
}

TEST(Cidr, ClearsHostBitsAndKnowsItsEnds) {
    const auto net = Cidr::parse("10.1.2.3/20");
    ASSERT_TRUE(net);
    EXPECT_EQ(net->to_string(), "10.1.0.0/20");
    EXPECT_EQ(net->last().to_string(), "10.1.15.255");
    EXPECT_TRUE(net->contains(IpAddr::v4(10, 1, 15, 255)));
    EXPECT_FALSE(net->contains(IpAddr::v4(10, 1, 16, 0)));
    EXPECT_FALSE(net->contains(*IpAddr::parse("::")));
    EXPECT_EQ(Cidr::parse("::/0")->last().to_string(), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    EXPECT_EQ(Cidr::parse("fd00::12/127")->to_string(), "fd00::12/127");
}

TEST(Cidr, RefusesWhatIsNoNetwork) {
    for (const char* text :
         {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "/8", "::/129", "10.0.0.0/8x"}) {
        EXPECT_FALSE(Cidr::parse(text)) << text;
    }
}

TEST(FamilySet, IsASet) {
    FamilySet set;
    EXPECT_TRUE(set.empty());
    set |= FamilySet(Family::ipv6);
    EXPECT_TRUE(set.contains(Family::ipv6));
    EXPECT_FALSE(set.contains(Family::ipv4));
    EXPECT_EQ(set | FamilySet(Family::ipv4), FamilySet::both());
    EXPECT_EQ(set | set, set);
}

}  // namespace
}  // namespace sy
