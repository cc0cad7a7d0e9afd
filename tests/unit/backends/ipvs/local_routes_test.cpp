#include "backends/ipvs/local_routes.h"

#include <gmock/gmock.h>

#include "backends/nftables/vocabulary.h"
#include "tests/support/plans.h"

namespace sy::ipvs {
namespace {

using nft::address_element;
using nft::SetId;
using test::ip;
using testing::ElementsAre;

Cidr network(std::string_view text) {
    return *Cidr::parse(text);
}

class LocalRoutesTest : public testing::Test {
  protected:
    NodeFacts facts_{
        {ip("192.168.50.1"), ip("fd00:50::1")}, {network("10.96.0.0/16")}, NoDetector{}, false};
    Locality around_ = locality_of(
        facts_, {ip("10.244.1.1"), ip("192.168.50.1"), ip("192.168.50.9"), ip("fd00:50::1")});
};

TEST_F(LocalRoutesTest, OneRoutePerServiceCidrAndPerOtherAddress) {
    const std::vector elements{address_element(SetId::cluster_ips, ip("10.96.0.1")),
                               address_element(SetId::vips, ip("198.51.100.1")),
                               address_element(SetId::cluster_ips, ip("fd00:96::1")),
                               nft::hairpin_element(ip("10.244.1.11"))};
    EXPECT_THAT(routes_for(around_, elements),
                ElementsAre(LocalRoute{network("10.96.0.0/16"), ip("192.168.50.1")},
                            LocalRoute{network("198.51.100.1/32"), ip("192.168.50.1")},
                            LocalRoute{network("fd00:96::1/128"), ip("fd00:50::1")}));
}

TEST_F(LocalRoutesTest, AnAddressOfAnInterfaceBelongsToTheHost) {
    const auto element = address_element(SetId::vips, ip("192.168.50.9"));
    EXPECT_TRUE(is_held_back(around_, element));
    EXPECT_FALSE(route_for(around_, ip("192.168.50.9")));
    EXPECT_FALSE(is_held_back(around_, address_element(SetId::vips, ip("192.168.50.8"))));
    EXPECT_FALSE(is_held_back(around_, address_element(SetId::cluster_ips, ip("192.168.50.9"))));
}

TEST_F(LocalRoutesTest, TheSourceIsAnAddressThatServesNodePorts) {
    facts_.nodeport_addresses = {ip("192.168.50.9"), ip("203.0.113.1")};
    const auto around = locality_of(facts_, {ip("10.244.1.1"), ip("192.168.50.9"), ip("fe80::1")});
    EXPECT_EQ(around.sources[0], ip("192.168.50.9"));
    EXPECT_FALSE(around.sources[1]);
    facts_.nodeport_addresses.clear();
    EXPECT_EQ(locality_of(facts_, {ip("10.244.1.1")}).sources[0], ip("10.244.1.1"));
}

}  // namespace
}  // namespace sy::ipvs
