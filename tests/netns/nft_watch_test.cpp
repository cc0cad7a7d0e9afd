// Who changed our tables, and what the kernel can do.
#include <gmock/gmock.h>
#include <poll.h>

#include "nft_lab.h"

namespace sy::nft {
namespace {

class NftWatch : public NftLab {
  protected:
    void SetUp() override {
        NftLab::SetUp();
        auto watch = watch_tables(words_layout(), kernel_->port_id());
        ASSERT_TRUE(watch) << watch.error().message();
        watch_ = std::move(*watch);
    }
    bool readable() const {
        pollfd fd{watch_->fd(), POLLIN, 0};
        return poll(&fd, 1, 0) == 1;
    }
    Transaction creation() const {
        Transaction transaction;
        transaction.create = {config_for(Family::ipv4)};
        transaction.add = ops(sample_elements(Family::ipv4));
        return transaction;
    }

    std::unique_ptr<TableWatch> watch_;
};

TEST_F(NftWatch, DoesNotWakeForOurOwnChanges) {
    commit(creation());
    ASSERT_TRUE(kernel_->remove_tables());
    EXPECT_FALSE(readable());
    EXPECT_FALSE(watch_->drained_drift());
}

TEST_F(NftWatch, TellsForeignChangesOfOurTablesFromOthers) {
    commit(creation());
    load(
        "add table ip foreign; add set ip foreign frontends { type inet_service; }; "
        "add table inet switchyard");
    EXPECT_TRUE(readable());
    EXPECT_FALSE(watch_->drained_drift());
    EXPECT_FALSE(readable());
    for (const char* change :
         {"add rule ip switchyard services accept", "add chain ip switchyard x",
          "delete element ip switchyard cluster_ips { 10.96.0.1 }",
          "add set ip switchyard x { type inet_service; }", "add table ip6 switchyard",
          "delete table ip switchyard", "flush ruleset"}) {
        load(change);
        EXPECT_TRUE(watch_->drained_drift()) << change;
        EXPECT_FALSE(watch_->drained_drift()) << change;
    }
}

TEST_F(NftWatch, MissesNothingWhilePaused) {
    ASSERT_TRUE(watch_->pause());
    commit(creation());
    ASSERT_TRUE(kernel_->remove_tables());  // in two commits
    ASSERT_TRUE(watch_->resume(3));
    EXPECT_FALSE(watch_->drained_drift());

    ASSERT_TRUE(watch_->pause());
    commit(creation());
    load("flush ruleset");
    EXPECT_FALSE(readable());
    ASSERT_TRUE(watch_->resume(1));
    EXPECT_TRUE(watch_->drained_drift());
    EXPECT_FALSE(watch_->drained_drift());

    commit(creation());
    load("flush ruleset");
    EXPECT_TRUE(watch_->drained_drift());
}

class NftProbe : public NftLab {};

TEST_F(NftProbe, FindsAllFeaturesAndLeavesNoTrace) {
    auto watch = watch_tables(words_layout(), 0);
    ASSERT_TRUE(watch);
    const auto done = kernel_->probe();
    EXPECT_TRUE(done) << done.error().message();
    EXPECT_EQ(listing(), "");
    pollfd fd{(*watch)->fd(), POLLIN, 0};
    EXPECT_EQ(poll(&fd, 1, 0), 0);
}

TEST_F(NftProbe, WorksBesideALiveTable) {
    Transaction transaction;
    transaction.create = {config_for(Family::ipv4), config_for(Family::ipv6)};
    commit(transaction);
    const auto before = listing();
    EXPECT_TRUE(kernel_->probe());
    EXPECT_EQ(listing(), before);
}

}  // namespace
}  // namespace sy::nft
