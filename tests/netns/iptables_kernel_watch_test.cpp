// Who changed the rules.
#include <gmock/gmock.h>
#include <poll.h>

#include "iptables_kernel_lab.h"

namespace sy::iptables {
namespace {

class IptablesWatch : public IptablesLab {
  protected:
    void SetUp() override {
        IptablesLab::SetUp();
        if (!ns_) {
            return;
        }
        kernel_ = open(GetParam());
        ASSERT_TRUE(kernel_);
        auto watch = kernel_->watch();
        ASSERT_TRUE(watch) << watch.error().message();
        watch_ = std::move(*watch);
    }
    // What the kernel tells is there when the program that caused it has ended.
    bool drift() { return watch_->drained_drift(); }
    bool nft() const { return GetParam() == IptablesVariant::nft; }

    std::unique_ptr<Kernel> kernel_;
    std::unique_ptr<DriftWatch> watch_;
};
INSTANTIATE_TEST_SUITE_P(, IptablesWatch,
                         testing::Values(IptablesVariant::legacy, IptablesVariant::nft),
                         [](const auto& instance) {
                             return instance.param == IptablesVariant::nft ? "nft" : "legacy";
                         });

TEST_P(IptablesWatch, DoesNotTakeOurOwnChangesForOthers) {
    commit(*kernel_, sample(Family::ipv4));
    commit(*kernel_, sample(Family::ipv6));
    Transaction change;
    change.restores.resize(1);
    change.restores[0].write = {{"SY-C-5", {"-j RETURN"}}};
    EXPECT_FALSE(kernel_->commit(sample(Family::ipv6)));
    commit(*kernel_, change);
    ASSERT_TRUE(kernel_->probe());
    EXPECT_FALSE(drift());
    ASSERT_TRUE(kernel_->remove_all());
    EXPECT_FALSE(drift());
}

TEST_P(IptablesWatch, NoticesWhatOthersDoToOurs) {
    commit(*kernel_, sample(Family::ipv4));
    commit(*kernel_, sample(Family::ipv6));
    EXPECT_FALSE(drift());
    const auto tool = program(GetParam(), Family::ipv4, "");
    const auto tool6 = program(GetParam(), Family::ipv6, "");
    for (const auto& change : std::vector<std::vector<std::string>>{
             {tool, "-t", "nat", "-A", "SY-C", "-j", "RETURN"},
             {tool, "-t", "nat", "-F", "SY-C"},
             {tool, "-t", "nat", "-D", "OUTPUT", "-j", "SY-SERVICES"},
             {tool, "-t", "nat", "-F", "PREROUTING"},
             {tool, "-F"},
             {tool6, "-F"},
             {tool6, "-t", "nat", "-F"}}) {
        must(change);
        EXPECT_TRUE(drift()) << testing::PrintToString(change);
        EXPECT_FALSE(drift()) << testing::PrintToString(change);
    }
    if (nft()) {
        must({"nft", "flush", "ruleset"});
        EXPECT_TRUE(drift());
    }
}

TEST_P(IptablesWatch, WakesWhoWaits) {
    commit(*kernel_, sample(Family::ipv4));
    EXPECT_FALSE(drift());
    must({program(GetParam(), Family::ipv4, ""), "-t", "nat", "-F", "SY-D"});
    pollfd fd{watch_->fd(), POLLIN, 0};
    constexpr int kPatience = 10'000;
    EXPECT_EQ(poll(&fd, 1, kPatience), 1);
    EXPECT_TRUE(drift());
}

TEST_P(IptablesWatch, KnowsTheBlocksOfALargeChangeForOurs) {
    Transaction many;
    many.restores.resize(1);
    for (int i = 0; i < 1200; ++i) {
        many.restores[0].write.push_back({"SY-S-" + std::to_string(100'000 - i), {"-j RETURN"}});
    }
    commit(*kernel_, many);
    EXPECT_FALSE(drift());
}

TEST_P(IptablesWatch, NoticesAChangeJustBeforeOurOwn) {
    commit(*kernel_, sample(Family::ipv4));
    must({program(GetParam(), Family::ipv4, ""), "-t", "nat", "-F", "SY-D"});
    Transaction change;
    change.restores.resize(1);
    change.restores[0].write = {{"SY-C-5", {"-j RETURN"}}};
    commit(*kernel_, change);
    EXPECT_TRUE(drift());
    EXPECT_FALSE(drift());
}

TEST_P(IptablesWatch, LetsOthersHaveTheirOwnRules) {
    commit(*kernel_, sample(Family::ipv4));
    const auto tool = program(GetParam(), Family::ipv4, "");
    must({tool, "-t", "nat", "-N", "CNI-HOSTPORT-DNAT"});
    must({tool, "-t", "nat", "-A", "PREROUTING", "-j", "CNI-HOSTPORT-DNAT"});
    // The sizes of the legacy tables do not tell whose rules have grown.
    EXPECT_EQ(drift(), !nft());
    EXPECT_FALSE(drift());
}

TEST_P(IptablesWatch, OutlivesTheKernel) {
    kernel_.reset();
    load(GetParam(), Family::ipv4, "*nat\n:SY-C - [0:0]\nCOMMIT\n");
    EXPECT_TRUE(drift());
}

}  // namespace
}  // namespace sy::iptables
