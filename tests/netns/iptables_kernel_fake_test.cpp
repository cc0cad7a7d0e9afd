// The fake kernel of the unit tests answers as the real one does.
#include <gmock/gmock.h>

#include "iptables_kernel_lab.h"
#include "tests/support/fake_iptables_kernel.h"

namespace sy::iptables {
namespace {

class IptablesFake : public IptablesLab {
  protected:
    /// Both do it, with the same outcome, and hold the same afterwards.
    void both(const char* what, const Transaction& transaction) {
        SCOPED_TRACE(what);
        const auto real = real_->commit(transaction);
        const auto fake = fake_.commit(transaction);
        ASSERT_EQ(real.has_value(), fake.has_value())
            << (real ? fake : real).error().error.message();
        if (!real) {
            EXPECT_EQ(real.error().reason, fake.error().reason) << real.error().error.message();
            EXPECT_EQ(real.error().suspects, fake.error().suspects);
        }
        const auto found = dump(*real_);
        const auto held = dump(fake_);
        for (std::size_t i = 0; i < kFamilies.size(); ++i) {
            EXPECT_EQ(sorted(found[i].sets), sorted(held[i].sets));
            EXPECT_EQ(sorted(found[i].members), sorted(held[i].members));
            EXPECT_EQ(lines(found[i].nat), lines(held[i].nat));
            EXPECT_EQ(lines(found[i].filter), lines(held[i].filter));
            EXPECT_EQ(lines(found[i].jumps), lines(held[i].jumps));
        }
    }

    FakeHost host_;
    FakeKernel fake_{host_};
    std::unique_ptr<Kernel> real_;
};
INSTANTIATE_TEST_SUITE_P(, IptablesFake,
                         testing::Values(IptablesVariant::legacy, IptablesVariant::nft),
                         [](const auto& instance) {
                             return instance.param == IptablesVariant::nft ? "nft" : "legacy";
                         });

TEST_P(IptablesFake, BehavesAsTheRealOne) {
    real_ = open(GetParam());
    ASSERT_TRUE(real_);
    const SetRef networks{Family::ipv4, Role::service_cidr, 0};
    const SetRef sticky{Family::ipv4, Role::affinity, 1};
    Transaction bad_member;
    bad_member.before = {
        MemberOp{{.set = networks, .ip = address("10.0.0.0"), .prefix = 8}, false, 1},
        MemberOp{{.set = networks, .ip = address("0.0.0.0")}, false, 2},
        MemberOp{{.set = networks, .ip = address("11.0.0.0"), .prefix = 8}, false, 3}};
    Transaction in_use;
    in_use.after = {DestroySet{sticky}};
    Transaction chains;
    chains.restores.resize(1);
    chains.restores[0].write = {{"SY-C-5", {}}, {"SY-D", {"-j RETURN"}}};
    chains.restores[0].remove = {"SY-S-STICKY"};
    chains.restores[0].unhook = {{Table::nat, "OUTPUT", "-j SY-SERVICES", false},
                                 {Table::nat, "OUTPUT", "-j SY-NOT-THERE", false}};
    Transaction jumps;
    jumps.restores.resize(1);
    jumps.restores[0].table = Table::filter;
    jumps.restores[0].hook = {{Table::filter, "INPUT", "-j SY-FORWARD", true},
                              {Table::filter, "INPUT", "-j SY-UNSERVED", true}};

    both("a member of a set that is not there", bad_member);
    both("everything of IPv4", sample(Family::ipv4));
    both("sets that are there", sample(Family::ipv4));
    both("everything of IPv6", sample(Family::ipv6));
    both("a member that is refused", bad_member);
    both("a set that rules ask", in_use);
    both("chains that change and go", chains);
    both("jumps that come first", jumps);
    both("a set that no rule asks", in_use);
    both("a set that is gone", in_use);
    ASSERT_TRUE(real_->remove_all());
    ASSERT_TRUE(fake_.remove_all());
    both("nothing", {});
}

}  // namespace
}  // namespace sy::iptables
