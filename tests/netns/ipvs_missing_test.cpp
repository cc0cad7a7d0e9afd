// What is said on a kernel without IPVS.
#include "tests/vm/ipvs_kernel_lab.h"

namespace sy::ipvs {
namespace {

class IpvsMissing : public IpvsSeamLab {
  protected:
    void SetUp() override {
        IpvsSeamLab::SetUp();
        if (kernel_->probe()) {
            GTEST_SKIP() << "this kernel has IPVS";
        }
    }
};

TEST_F(IpvsMissing, TheErrorSaysWhatToLoadAndWhichModeToChoose) {
    const auto probed = kernel_->probe();
    ASSERT_FALSE(probed);
    const std::string text = probed.error().message();
    EXPECT_TRUE(
        text.starts_with("the kernel has no IPVS: load the module ip_vs on this node "
                         "(CONFIG_IP_VS), or choose another --proxy-mode: nftables, ebpf "
                         "or iptables"))
        << text;
    EXPECT_NE(text.find("modprobe"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

TEST_F(IpvsMissing, ThereIsNothingToFindOrRemove) {
    const auto dumped = kernel_->dump();
    ASSERT_TRUE(dumped) << dumped.error().message();
    EXPECT_TRUE(dumped->servers.empty());
    const auto removed = kernel_->remove_all();
    EXPECT_TRUE(removed) << removed.error().message();
}

TEST_F(IpvsMissing, EverythingElseFailsInWords) {
    const auto activity = kernel_->activity({key(Family::ipv4, 1)});
    ASSERT_FALSE(activity);
    EXPECT_EQ(activity.error().what, "the kernel has no IPVS (module ip_vs)");
    const auto done = kernel_->commit({new_server(key(Family::ipv4, 1))});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason, CommitError::Reason::other);
    EXPECT_EQ(done.error().error.what, "the kernel has no IPVS (module ip_vs)");
}

}  // namespace
}  // namespace sy::ipvs
