// What goes wrong is told for what it is, and breaks nothing.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>

#include "iptables_kernel_lab.h"
#include "os/fd.h"

namespace sy::iptables {
namespace {

using Reason = CommitError::Reason;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class IptablesTrouble : public IptablesLab {
  protected:
    CommitError refusal(Kernel& kernel, const Transaction& transaction) {
        auto done = kernel.commit(transaction);
        EXPECT_FALSE(done);
        return done ? CommitError{} : std::move(done.error());
    }
};
INSTANTIATE_TEST_SUITE_P(, IptablesTrouble,
                         testing::Values(IptablesVariant::legacy, IptablesVariant::nft),
                         [](const auto& instance) {
                             return instance.param == IptablesVariant::nft ? "nft" : "legacy";
                         });

Transaction writing(std::string chain, std::string rule, Table table = Table::nat) {
    Transaction transaction;
    transaction.restores.resize(1);
    transaction.restores[0].table = table;
    transaction.restores[0].write = {{std::move(chain), {std::move(rule)}}};
    return transaction;
}

constexpr SetRef kVip{Family::ipv4, Role::vip, 0};

MemberOp adding(SetRef set, std::string_view ip, uint32_t owner, uint8_t prefix = 0) {
    return {{.set = set,
             .ip = address(ip),
             .prefix = prefix,
             .protocol = set.role == Role::vip ? Protocol::tcp : Protocol{},
             .port = Port{set.role == Role::vip ? uint16_t{80} : uint16_t{0}}},
            false,
            owner};
}

TEST_P(IptablesTrouble, NamesTheMemberThatASetRefuses) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    const SetRef networks{Family::ipv4, Role::service_cidr, 0};
    Transaction transaction;
    transaction.before = {CreateSet{{networks, 0}}, adding(networks, "10.96.0.0", 1, 16)};
    for (uint32_t i = 0; i < 3000; ++i) {
        transaction.before.push_back(adding(
            networks, "10.97." + std::to_string(i / 256) + "." + std::to_string(i % 256), 2, 32));
    }
    transaction.before.push_back(adding(networks, "0.0.0.0", 42, 0));
    transaction.before.push_back(adding(networks, "10.98.0.0", 3, 16));
    const auto error = refusal(*kernel, transaction);
    EXPECT_EQ(error.reason, Reason::member);
    EXPECT_THAT(error.suspects, ElementsAre(42));
    EXPECT_THAT(error.error.message(), HasSubstr("0.0.0.0/0"));
    EXPECT_THAT(error.error.message(), HasSubstr("sy4-cidr"));
    // What came before it stays, what came after it is not there.
    EXPECT_EQ(dump(*kernel)[0].members.size(), 3001U);
}

TEST_P(IptablesTrouble, CallsDriftWhatIsNotAsWeThought) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    Transaction create;
    create.before = {CreateSet{{kVip, 0}}};
    commit(*kernel, create);
    EXPECT_EQ(refusal(*kernel, create).reason, Reason::drift);
    Transaction destroy;
    destroy.after = {DestroySet{kVip}};
    commit(*kernel, destroy);
    EXPECT_EQ(refusal(*kernel, destroy).reason, Reason::drift);
    Transaction add;
    add.before = {adding(kVip, "10.0.0.1", 1)};
    EXPECT_EQ(refusal(*kernel, add).reason, Reason::drift);
    EXPECT_EQ(
        refusal(*kernel, writing("SY-A", "-m set --match-set sy4-vip dst,dst -j RETURN")).reason,
        Reason::drift);
    EXPECT_EQ(refusal(*kernel, writing("SY-A", "-j SY-NOT-THERE")).reason, Reason::drift);
}

TEST_P(IptablesTrouble, KeepsWhatRulesStillReferTo) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    Transaction transaction = writing("SY-A", "-m set --match-set sy4-vip dst,dst -j RETURN");
    transaction.before = {CreateSet{{kVip, 0}}};
    commit(*kernel, transaction);
    Transaction destroy;
    destroy.after = {DestroySet{kVip}};
    const auto error = refusal(*kernel, destroy);
    EXPECT_EQ(error.reason, Reason::other);
    EXPECT_THAT(error.error.message(), HasSubstr("sy4-vip"));
    EXPECT_EQ(dump(*kernel)[0].sets.size(), 1U);
}

TEST_P(IptablesTrouble, QuotesTheLineOfARefusedChain) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    commit(*kernel, writing("SY-KEPT", "-j RETURN"));
    Transaction bad = writing("SY-A", "-j RETURN");
    bad.restores[0].write.push_back({"SY-B", {"-p tcp -j DNAT --to-destination 10.0.0.1:99999"}});
    const auto error = refusal(*kernel, bad);
    EXPECT_EQ(error.reason, Reason::chain);
    EXPECT_THAT(error.suspects, IsEmpty());
    EXPECT_THAT(error.error.message(), HasSubstr("10.0.0.1:99999"));
    const auto found = dump(*kernel)[0];
    ASSERT_EQ(found.nat.size(), 1U);
    EXPECT_EQ(found.nat[0].name, "SY-KEPT");
    // Only a lack of the program or the kernel, nobody's chain.
    EXPECT_EQ(refusal(*kernel, writing("SY-A", "-m nonesuch -j RETURN")).reason, Reason::other);
}

TEST_P(IptablesTrouble, NothingOddGetsIntoTheInput) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    const std::string before = saved(GetParam(), Family::ipv4);
    for (const auto& [chain, rule] : std::vector<std::pair<std::string, std::string>>{
             {"SY-A", "-j RETURN\nCOMMIT\n*filter\n-A INPUT -j DROP"},
             {"SY-A", "-j RETURN\r-A INPUT -j DROP"},
             {"SY-A", std::string("-j RETURN\0-j DROP", 17)},
             {"SY-A", "-m comment --comment \xff -j RETURN"},
             {"SY-A", ""},
             {"SY-A\n-A INPUT -j DROP", "-j RETURN"},
             {"SY-$(reboot)", "-j RETURN"},
             {"SY-A B", "-j RETURN"},
             {"SY-;reboot", "-j RETURN"},
             {"SY-ABCDEFGHIJKLMNOPQRSTUVWXYZ", "-j RETURN"},
             {"INPUT", "-j DROP"},
             {"KUBE-SERVICES", "-j DROP"},
             {"", "-j DROP"}}) {
        const auto error = refusal(*kernel, writing(chain, rule));
        EXPECT_EQ(error.reason, Reason::other) << chain;
        EXPECT_THAT(error.error.message(), Not(HasSubstr("\n")));
    }
    for (const auto& [chain, rule] : std::vector<std::pair<std::string, std::string>>{
             {"INPUT\n", "-j SY-A"}, {"SY-A", "-j SY-A"}, {"INPUT", "-j SY-A\n-A INPUT -j DROP"}}) {
        Transaction hook = writing("SY-A", "-j RETURN", Table::filter);
        hook.restores[0].hook = {{Table::filter, chain, rule, true}};
        EXPECT_EQ(refusal(*kernel, hook).reason, Reason::other) << chain;
        std::swap(hook.restores[0].hook, hook.restores[0].unhook);
        EXPECT_EQ(refusal(*kernel, hook).reason, Reason::other) << chain;
    }
    Transaction remove;
    remove.restores.resize(1);
    remove.restores[0].remove = {"OUTPUT"};
    EXPECT_EQ(refusal(*kernel, remove).reason, Reason::other);
    EXPECT_EQ(saved(GetParam(), Family::ipv4), before);
}

TEST_P(IptablesTrouble, RefusesASetOfOurNameThatIsNotOurs) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    for (const char* type : {"hash:net", "hash:ip,port"}) {
        must({"ipset", "create", "sy4-cip", type});
        const auto found = kernel->dump();
        ASSERT_FALSE(found);
        EXPECT_THAT(found.error().message(), HasSubstr("sy4-cip: a set of this name is not ours"));
        EXPECT_THAT(found.error().message(), HasSubstr(type));
        ASSERT_TRUE(kernel->remove_all());
        EXPECT_EQ(must({"ipset", "list", "-n"}), "sy4-cip\n");
        must({"ipset", "destroy", "sy4-cip"});
    }
    must({"ipset", "create", "sy4-cip", "hash:ip", "family", "inet6"});
    EXPECT_FALSE(kernel->dump());
}

using IptablesLock = IptablesLab;

TEST_F(IptablesLock, SaysWhoToLookForWhenTheLockIsHeld) {
    const auto kernel = open(IptablesVariant::legacy);
    ASSERT_TRUE(kernel);
    const Fd lock(::open(lock_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(flock(lock.get(), LOCK_EX), 0);
    const auto done = kernel->commit(writing("SY-A", "-j RETURN"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().reason, Reason::locked);
    EXPECT_THAT(done.error().error.message(), HasSubstr("xtables.lock"));
    EXPECT_THAT(done.error().error.message(), HasSubstr("tried again"));
    ASSERT_EQ(flock(lock.get(), LOCK_UN), 0);
    commit(*kernel, writing("SY-A", "-j RETURN"));
}

}  // namespace
}  // namespace sy::iptables
