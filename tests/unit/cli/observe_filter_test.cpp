#include "cli/observe_filter.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

ebpf::Observation seen() {
    ebpf::Observation out;
    out.process = "curl";
    out.cgroup = "/kubepods/pod1";
    out.vip = {*IpAddr::parse("10.96.0.10"), Port{80}};
    out.endpoint = {*IpAddr::parse("10.244.1.5"), Port{8080}};
    out.service = "shop/web:http";
    return out;
}

bool wanted(const ObserveFilter& filter) {
    return filter.wants(seen());
}

TEST(ObserveFilter, WantsEverythingByDefault) {
    EXPECT_TRUE(wanted({}));
    EXPECT_TRUE(ObserveFilter{}.wants({}));
}

TEST(ObserveFilter, AServiceIsAllItsPortsOrOne) {
    EXPECT_TRUE(wanted({.service = "shop/web"}));
    EXPECT_TRUE(wanted({.service = "shop/web:http"}));
    EXPECT_FALSE(wanted({.service = "shop/web:htt"}));
    EXPECT_FALSE(wanted({.service = "shop/we"}));
    EXPECT_FALSE(wanted({.service = "shop/web2"}));
}

TEST(ObserveFilter, ANamespaceIsAWholeOne) {
    EXPECT_TRUE(wanted({.ns = "shop"}));
    EXPECT_FALSE(wanted({.ns = "sho"}));
    EXPECT_FALSE(wanted({.ns = "shop/web"}));
}

TEST(ObserveFilter, AProcessGoesByItsNameAsFarAsTheKernelKeepsIt) {
    EXPECT_TRUE(wanted({.process = "curl"}));
    EXPECT_FALSE(wanted({.process = "cur"}));
    auto event = seen();
    event.process = "a-process-with-";
    EXPECT_TRUE(ObserveFilter{.process = "a-process-with-a-long-name"}.wants(event));
}

TEST(ObserveFilter, ACgroupIncludesWhatIsBelowIt) {
    EXPECT_TRUE(wanted({.cgroup = "/kubepods/pod1"}));
    EXPECT_TRUE(wanted({.cgroup = "/kubepods/"}));
    EXPECT_TRUE(wanted({.cgroup = "/"}));
    EXPECT_FALSE(wanted({.cgroup = "/kubepods/pod"}));
    EXPECT_FALSE(wanted({.cgroup = "/kubepods/pod1/c"}));
}

TEST(ObserveFilter, AnAddressIsEitherEnd) {
    EXPECT_TRUE(wanted({.address = IpAddr::parse("10.96.0.10")}));
    EXPECT_TRUE(wanted({.address = IpAddr::parse("10.244.1.5")}));
    EXPECT_FALSE(wanted({.address = IpAddr::parse("10.244.1.6")}));
    auto event = seen();
    event.refused = true;
    event.endpoint = {};
    EXPECT_FALSE(ObserveFilter{.address = IpAddr{}}.wants(event));
}

TEST(ObserveFilter, AllThatIsGivenHasToMatch) {
    EXPECT_FALSE(wanted({.refused = true}));
    auto event = seen();
    event.refused = true;
    EXPECT_TRUE(ObserveFilter{.refused = true}.wants(event));
    EXPECT_FALSE((ObserveFilter{.ns = "kube-system", .refused = true}).wants(event));
}

}  // namespace
}  // namespace sy
