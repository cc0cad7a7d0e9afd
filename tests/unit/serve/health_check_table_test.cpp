#include "serve/health_check_table.h"

#include <gmock/gmock.h>

#include "build.h"

namespace sy {
namespace {

using test::checked;
using testing::ElementsAre;
using testing::IsEmpty;

const IpAddr kNode4 = IpAddr::v4(192, 0, 2, 1);
const IpAddr kNode6 = *IpAddr::parse("2001:db8::1");
const std::vector<IpAddr> kAddresses{kNode4, kNode6};
const ServiceName kWeb{"shop", "web"};

TEST(HealthCheckTable, ListensOnEveryNodePortAddressOfTheServicesFamilies) {
    HealthCheckTable table;
    table.committed(checked("web", 31000, 1));
    table.committed(checked("dual", 31001, 1, 1, FamilySet::both()));
    EXPECT_THAT(table.listeners({}, kAddresses),
                ElementsAre(HealthCheckListener{{"shop", "dual"}, {kNode4, Port(31001)}},
                            HealthCheckListener{{"shop", "dual"}, {kNode6, Port(31001)}},
                            HealthCheckListener{kWeb, {kNode4, Port(31000)}}));
    EXPECT_THAT(table.listeners({}, {}), IsEmpty());
}

TEST(HealthCheckTable, ListensEverywhereWhereNoAddressIsLeftOut) {
    HealthCheckTable table;
    table.committed(checked("dual", 31001, 1, 1, FamilySet::both()));
    const ServiceName dual{"shop", "dual"};
    EXPECT_THAT(table.listeners(FamilySet::both(), kAddresses),
                ElementsAre(HealthCheckListener{dual, {unspecified(Family::ipv4), Port(31001)}},
                            HealthCheckListener{dual, {unspecified(Family::ipv6), Port(31001)}}));
    EXPECT_THAT(table.listeners(FamilySet(Family::ipv6), kAddresses),
                ElementsAre(HealthCheckListener{dual, {kNode4, Port(31001)}},
                            HealthCheckListener{dual, {unspecified(Family::ipv6), Port(31001)}}));
}

TEST(HealthCheckTable, CountsFollowWithoutAnotherListener) {
    HealthCheckTable table;
    table.committed(checked("web", 31000, 1, 2));
    const auto version = table.version();
    EXPECT_EQ(table.local_endpoints(kWeb, Family::ipv4), 1U);
    EXPECT_EQ(table.local_endpoints(kWeb, Family::ipv6), 2U);
    table.committed(checked("web", 31000, 5));
    EXPECT_EQ(table.local_endpoints(kWeb, Family::ipv4), 5U);
    EXPECT_EQ(table.version(), version);
    table.committed(checked("web", 31002, 5));
    EXPECT_NE(table.version(), version);
}

TEST(HealthCheckTable, GoesWithTheServiceOrItsHealthCheck) {
    HealthCheckTable table;
    table.committed(checked("web", 31000, 1));
    table.committed(checked("more", 31001, 7));
    auto cluster_policy = checked("web", 31000, 1);
    cluster_policy.health_check.reset();
    table.committed(cluster_policy);
    EXPECT_EQ(table.local_endpoints(kWeb, Family::ipv4), 0U);
    EXPECT_EQ(table.local_endpoints({"shop", "more"}, Family::ipv4), 7U);
    table.removed({"shop", "more"});
    EXPECT_TRUE(table.empty());
    const auto version = table.version();
    table.removed({"shop", "more"});
    EXPECT_EQ(table.version(), version);
}

TEST(HealthCheckTable, EverywhereIsTheSelectionThatLeavesNobodyOut) {
    const auto net = [](const char* text) { return *Cidr::parse(text); };
    EXPECT_EQ(families_everywhere({.primary = true, .cidrs = {}}), FamilySet());
    EXPECT_EQ(families_everywhere({.primary = false, .cidrs = {}}), FamilySet::both());
    EXPECT_EQ(families_everywhere({.primary = false, .cidrs = {net("10.0.0.0/8")}}),
              FamilySet(Family::ipv6));
    EXPECT_EQ(families_everywhere({.primary = false, .cidrs = {net("10.0.0.0/8"), net("::/0")}}),
              FamilySet(Family::ipv6));
    EXPECT_EQ(families_everywhere({.primary = false, .cidrs = {net("0.0.0.0/0"), net("fd00::/8")}}),
              FamilySet(Family::ipv4));
}

}  // namespace
}  // namespace sy
