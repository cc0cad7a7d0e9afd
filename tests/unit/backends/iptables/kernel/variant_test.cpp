#include "backends/iptables/kernel/variant.h"

#include <gmock/gmock.h>

namespace sy::iptables {
namespace {

using testing::HasSubstr;

constexpr auto kLegacy = IptablesVariant::legacy;
constexpr auto kNft = IptablesVariant::nft;

HostFacts both_installed() {
    HostFacts facts;
    facts.legacy.installed = true;
    facts.nft.installed = true;
    facts.usual = kNft;
    return facts;
}

IptablesVariant chosen(const HostFacts& facts, IptablesVariant wanted = IptablesVariant::detect) {
    const auto choice = choose_variant(wanted, facts);
    EXPECT_TRUE(choice) << choice.error().message();
    EXPECT_FALSE(choice->why.empty());
    return choice->variant;
}

TEST(ChooseVariant, EachSignCountsMoreThanTheNext) {
    HostFacts facts = both_installed();
    facts.usual = kLegacy;
    EXPECT_EQ(chosen(facts), kLegacy);
    facts.nft.ours = true;
    EXPECT_EQ(chosen(facts), kNft);
    facts.legacy.foreign_rules = 3;
    facts.nft.foreign_rules = 2;
    EXPECT_EQ(chosen(facts), kLegacy);
    facts.nft.kubelet = true;
    EXPECT_EQ(chosen(facts), kNft);
    facts.legacy.kubelet = true;
    EXPECT_EQ(chosen(facts), kNft);
    facts.nft.kubelet = false;
    EXPECT_EQ(chosen(facts), kLegacy);
    EXPECT_EQ(chosen(facts, kNft), kNft);
}

TEST(ChooseVariant, TakesWhatIsInstalled) {
    HostFacts facts = both_installed();
    facts.legacy.installed = false;
    facts.legacy.kubelet = true;
    EXPECT_EQ(chosen(facts), kNft);
    facts.usual.reset();
    EXPECT_EQ(chosen(facts), kNft);
    std::swap(facts.legacy, facts.nft);
    EXPECT_EQ(chosen(facts), kLegacy);
}

TEST(ChooseVariant, NamesThePackageThatIsMissing) {
    const auto none = choose_variant(IptablesVariant::detect, {});
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message(), HasSubstr("install the package iptables"));
    HostFacts facts = both_installed();
    facts.nft.installed = false;
    const auto wanted = choose_variant(kNft, facts);
    ASSERT_FALSE(wanted);
    EXPECT_THAT(wanted.error().message(), HasSubstr("iptables-nft-restore: there is no such"));
}

}  // namespace
}  // namespace sy::iptables
