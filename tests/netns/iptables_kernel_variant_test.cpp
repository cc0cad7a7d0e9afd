// Which variant is used, and that the other one is left alone.
#include <gmock/gmock.h>

#include <fstream>

#include "iptables_kernel_lab.h"

namespace sy::iptables {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kHint = "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n";
constexpr std::string_view kRules =
    "*filter\n-A INPUT -s 192.0.2.1/32 -j DROP\n-A INPUT -s 192.0.2.2/32 -j DROP\nCOMMIT\n";

IptablesVariant other(IptablesVariant variant) {
    return variant == IptablesVariant::nft ? IptablesVariant::legacy : IptablesVariant::nft;
}

class IptablesChoice : public IptablesLab {};
INSTANTIATE_TEST_SUITE_P(, IptablesChoice,
                         testing::Values(IptablesVariant::legacy, IptablesVariant::nft),
                         [](const auto& instance) {
                             return instance.param == IptablesVariant::nft ? "nft" : "legacy";
                         });

TEST_P(IptablesChoice, IsWhereTheKubeletIs) {
    load(GetParam(), Family::ipv6, kHint);
    load(other(GetParam()), Family::ipv4, kRules);
    const auto kernel = open(IptablesVariant::detect);
    ASSERT_TRUE(kernel);
    EXPECT_EQ(kernel->features().variant, GetParam());
    EXPECT_THAT(log_.text, HasSubstr("the kubelet's chains are there"));
}

TEST_P(IptablesChoice, IsWhereOthersHaveMoreRules) {
    load(GetParam(), Family::ipv4, kRules);
    load(other(GetParam()), Family::ipv4, "*filter\n-A INPUT -s 192.0.2.1/32 -j DROP\nCOMMIT\n");
    const auto kernel = open(IptablesVariant::detect);
    ASSERT_TRUE(kernel);
    EXPECT_EQ(kernel->features().variant, GetParam());
    EXPECT_THAT(log_.text, HasSubstr("others have 2 rules there, and 1 in the other"));
}

TEST_P(IptablesChoice, StaysWhereOurRulesAre) {
    commit(*open(GetParam()), sample(Family::ipv4));
    const auto kernel = open(IptablesVariant::detect);
    ASSERT_TRUE(kernel);
    EXPECT_EQ(kernel->features().variant, GetParam());
}

TEST_P(IptablesChoice, WritesOnlyThere) {
    load(other(GetParam()), Family::ipv4, kRules);
    const auto before = saved(other(GetParam()), Family::ipv4);
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    EXPECT_EQ(kernel->features().variant, GetParam());
    EXPECT_THAT(log_.text, HasSubstr("it was asked for"));
    ASSERT_TRUE(kernel->probe());
    for (const Family family : kFamilies) {
        commit(*kernel, sample(family));
    }
    EXPECT_EQ(saved(other(GetParam()), Family::ipv4), before);
    EXPECT_THAT(saved(other(GetParam()), Family::ipv6), IsEmpty());
    ASSERT_TRUE(kernel->remove_all());
    EXPECT_EQ(saved(other(GetParam()), Family::ipv4), before);
}

TEST_P(IptablesChoice, TakesOverFromTheOtherVariant) {
    load(other(GetParam()), Family::ipv4, kRules);
    const auto before = saved(other(GetParam()), Family::ipv4);
    for (const Family family : kFamilies) {
        commit(*open(other(GetParam())), sample(family));
    }
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    const auto found = dump(*kernel);
    EXPECT_THAT(found[0].nat, IsEmpty());
    EXPECT_FALSE(found[0].sets.empty());
    Transaction chains = sample(Family::ipv4);
    chains.before.clear();
    commit(*kernel, chains);
    EXPECT_EQ(saved(other(GetParam()), Family::ipv4), before);
    EXPECT_THAT(saved(other(GetParam()), Family::ipv6), IsEmpty());
    EXPECT_THAT(log_.text, HasSubstr("removed our rules from the"));
    EXPECT_EQ(lines(dump(*kernel)[0].nat), lines(chains.restores[0].write));
}

TEST_P(IptablesChoice, RemovesOursFromBoth) {
    commit(*open(GetParam()), sample(Family::ipv4));
    Transaction chains = sample(Family::ipv4);
    chains.before.clear();
    chains.restores[0].hook.clear();
    chains.restores[1].hook.clear();
    commit(*open(other(GetParam())), chains);
    ASSERT_TRUE(open(GetParam())->remove_all());
    EXPECT_THAT(saved(GetParam(), Family::ipv4), IsEmpty());
    EXPECT_THAT(saved(other(GetParam()), Family::ipv4), IsEmpty());
}

TEST_P(IptablesChoice, IsNoMatterWhenOursAreRemoved) {
    for (const Family family : kFamilies) {
        commit(*open(GetParam()), sample(family));
    }
    ASSERT_TRUE(remove_all(log_));
    for (const Family family : kFamilies) {
        EXPECT_THAT(saved(GetParam(), family), IsEmpty());
    }
    EXPECT_THAT(must({"ipset", "list", "-n"}), IsEmpty());
    log_.text.clear();
    ASSERT_TRUE(remove_all(log_));
    EXPECT_EQ(log_.text, "");
}

using IptablesFresh = IptablesLab;

// Reading the legacy rules of a table makes the kernel load it.
TEST_F(IptablesFresh, LooksWithoutLoadingLegacyTables) {
    const auto kernel = open(IptablesVariant::nft);
    ASSERT_TRUE(kernel);
    ASSERT_TRUE(kernel->probe());
    ASSERT_TRUE(kernel->remove_all());
    ASSERT_TRUE(remove_all(log_));
    std::ifstream names("/proc/thread-self/net/ip_tables_names");
    std::string name;
    EXPECT_FALSE(std::getline(names, name)) << name;
}

}  // namespace
}  // namespace sy::iptables
