#include "model/ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "build.h"

namespace sy {
namespace {

using namespace test;

TEST(MergeNetworks, DropsWhatIsContainedAndJoinsNeighbours) {
    EXPECT_EQ(merge_networks(nets({"10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/8"})),
              nets({"10.0.0.0/8"}));
    EXPECT_EQ(merge_networks(nets({"10.0.1.0/24", "10.0.0.0/24"})), nets({"10.0.0.0/23"}));
    EXPECT_EQ(merge_networks(nets({"10.0.0.0/24", "10.0.1.0/25", "10.0.1.128/25"})),
              nets({"10.0.0.0/23"}));
    EXPECT_EQ(merge_networks(nets({"0.0.0.0/1", "128.0.0.0/1"})), nets({"0.0.0.0/0"}));
    EXPECT_EQ(merge_networks({}), std::vector<Cidr>{});
}

TEST(MergeNetworks, LeavesNeighboursThatAreNoNetworkTogether) {
    EXPECT_EQ(merge_networks(nets({"10.0.2.0/24", "10.0.1.0/24"})),
              nets({"10.0.1.0/24", "10.0.2.0/24"}));
}

TEST(MergeNetworks, KeepsFamiliesApart) {
    EXPECT_EQ(merge_networks(nets({"fd00::/64", "10.0.0.0/8", "fd00:0:0:1::/64"})),
              nets({"10.0.0.0/8", "fd00::/63"}));
    EXPECT_EQ(merge_networks(nets({"0.0.0.0/0", "::/0"})), nets({"0.0.0.0/0", "::/0"}));
}

TEST(MergeNetworks, IsTheSameSetInFewerNetworks) {
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
        std::vector<Cidr> networks;
        for (auto n = random() % 12; n > 0; --n) {
            networks.push_back(*Cidr::make(IpAddr::v4(10, 0, 0, static_cast<uint8_t>(random())),
                                           24 + static_cast<unsigned>(random() % 9)));
        }
        const auto merged = merge_networks(networks);
        for (int last = 0; last < 256; ++last) {
            const auto address = IpAddr::v4(10, 0, 0, static_cast<uint8_t>(last));
            const auto contains = [&](const Cidr& c) { return c.contains(address); };
            ASSERT_EQ(std::ranges::any_of(networks, contains),
                      std::ranges::count_if(merged, contains) == 1);
        }
        ASSERT_LE(merged.size(), networks.size());
        ASSERT_TRUE(std::ranges::is_sorted(merged));
    }
}

class SourceRanges : public ::testing::Test {
  protected:
    AllowedSources allowed(std::initializer_list<std::string_view> ranges,
                           Family family = Family::ipv4) {
        auto s = service("web", "10.96.0.1");
        s.source_ranges_set = true;
        s.source_ranges = nets(ranges);
        return allowed_sources(s, family, vips, node_ip);
    }

    std::vector<IpAddr> vips = ips({"192.0.2.1", "192.0.2.9"});
    std::optional<IpAddr> node_ip;
};

TEST_F(SourceRanges, NoListIsOpen) {
    EXPECT_FALSE(
        allowed_sources(service("web", "10.96.0.1"), Family::ipv4, vips, node_ip).restricted);
}

TEST_F(SourceRanges, ListRestricts) {
    const auto sources = allowed({"203.0.113.0/24", "198.51.100.0/24"});
    EXPECT_TRUE(sources.restricted);
    EXPECT_EQ(sources.ranges, nets({"198.51.100.0/24", "203.0.113.0/24"}));
}

TEST_F(SourceRanges, ZeroPrefixOpensItsFamily) {
    EXPECT_FALSE(allowed({"203.0.113.0/24", "0.0.0.0/0"}).restricted);
    EXPECT_FALSE(allowed({"0.0.0.0/0", "::/0"}, Family::ipv6).restricted);
}

TEST_F(SourceRanges, ListOfTheOtherFamilyCloses) {
    const auto sources = allowed({"fd00::/8"});
    EXPECT_TRUE(sources.restricted);
    EXPECT_EQ(sources.ranges, std::vector<Cidr>{});
    EXPECT_TRUE(allowed({"0.0.0.0/0"}, Family::ipv6).restricted);
}

TEST_F(SourceRanges, UnreadableListCloses) {
    const auto sources = allowed({});
    EXPECT_TRUE(sources.restricted);
    EXPECT_EQ(sources.ranges, std::vector<Cidr>{});
}

TEST_F(SourceRanges, VipsAreSourcesWhereTheNodeIsAllowed) {
    node_ip = ip("203.0.113.5");
    EXPECT_EQ(allowed({"203.0.113.0/24"}).ranges,
              nets({"192.0.2.1/32", "192.0.2.9/32", "203.0.113.0/24"}));
    node_ip = ip("198.51.100.5");
    EXPECT_EQ(allowed({"203.0.113.0/24"}).ranges, nets({"203.0.113.0/24"}));
    node_ip = ip("203.0.113.5");
    EXPECT_EQ(allowed({"203.0.113.0/24", "192.0.2.0/28"}).ranges,
              nets({"192.0.2.0/28", "203.0.113.0/24"}));
}

}  // namespace
}  // namespace sy
