#include "backends/nftables/fingerprint.h"

#include <gtest/gtest.h>

#include "backends/nftables/kernel.h"

namespace sy::nft {
namespace {

std::vector<ChainPrint> prints() {
    return {{"a", "", {1, 2}}, {"b", "hook", {3}}, {"c", "", {}}};
}
const std::vector<ClassElement> kClasses{{0, {Verdict::Kind::go_to, "a"}},
                                         {1, {Verdict::Kind::drop, {}}}};

TEST(Fingerprint, IgnoresTheOrderOfChainsAndClasses) {
    auto chains = prints();
    std::swap(chains[0], chains[2]);
    EXPECT_EQ(combined_fingerprint(chains, {kClasses[1], kClasses[0]}),
              combined_fingerprint(prints(), kClasses));
}

TEST(Fingerprint, SeesEveryEdit) {
    const auto original = combined_fingerprint(prints(), kClasses);
    const auto edited = [&](auto edit) {
        auto chains = prints();
        auto classes = kClasses;
        edit(chains, classes);
        return combined_fingerprint(chains, classes);
    };
    using Chains = std::vector<ChainPrint>;
    using Classes = std::vector<ClassElement>;
    EXPECT_NE(edited([](Chains& c, Classes&) { c.pop_back(); }), original);
    EXPECT_NE(edited([](Chains& c, Classes&) { c.push_back({"d", "", {}}); }), original);
    EXPECT_NE(edited([](Chains& c, Classes&) { c[0].rules = {2, 1}; }), original);
    EXPECT_NE(edited([](Chains& c, Classes&) { c[0].rules.push_back(0); }), original);
    EXPECT_NE(edited([](Chains& c, Classes&) { c[1].hook = ""; }), original);
    EXPECT_NE(edited([](Chains& c, Classes&) {
                  c[0].rules = {1};
                  c[2].rules = {2};
              }),
              original);
    EXPECT_NE(edited([](Chains&, Classes& c) { c.pop_back(); }), original);
    EXPECT_NE(edited([](Chains&, Classes& c) { c[0].verdict.chain = "b"; }), original);
    EXPECT_NE(edited([](Chains&, Classes& c) { c[1].number = 2; }), original);
}

TEST(Fingerprint, DependsOnWhatRulesDependOn) {
    TableConfig config;
    const auto plain = rules_fingerprint(config);
    EXPECT_EQ(rules_fingerprint(config), plain);
    auto other = config;
    other.sizes.fill(7);
    EXPECT_EQ(rules_fingerprint(other), plain);
    other = config;
    other.masquerade_all = true;
    EXPECT_NE(rules_fingerprint(other), plain);
    other = config;
    other.family = Family::ipv6;
    EXPECT_NE(rules_fingerprint(other), plain);
    other = config;
    other.detector = InterfaceDetector{"a", true};
    EXPECT_NE(rules_fingerprint(other), plain);
    other = config;
    other.classes = {{1, 1, 0}};
    EXPECT_NE(rules_fingerprint(other), plain);
    EXPECT_NE(layout_fingerprint(words_layout(), Family::ipv4),
              layout_fingerprint(words_layout(), Family::ipv6));
}

}  // namespace
}  // namespace sy::nft
