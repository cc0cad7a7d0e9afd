// What is written comes back as it was written, and what is removed is gone.
#include <gmock/gmock.h>

#include "iptables_kernel_lab.h"

namespace sy::iptables {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kForeign =
    "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n"
    "*nat\n"
    ":KUBE-KUBELET-CANARY - [0:0]\n"
    ":CNI-HOSTPORT-DNAT - [0:0]\n"
    ":FLANNEL-POSTRTG - [0:0]\n"
    "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT\n"
    "-A POSTROUTING -m comment --comment \"-j SY-POST\" -j FLANNEL-POSTRTG\n"
    "-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -j RETURN\n"
    "COMMIT\n"
    "*filter\n"
    ":KUBE-FIREWALL - [0:0]\n"
    "-A INPUT -j KUBE-FIREWALL\n"
    "-A OUTPUT -j KUBE-FIREWALL\n"
    "COMMIT\n";

class IptablesKernel : public IptablesLab {};
INSTANTIATE_TEST_SUITE_P(, IptablesKernel,
                         testing::Values(IptablesVariant::legacy, IptablesVariant::nft),
                         [](const auto& instance) {
                             return instance.param == IptablesVariant::nft ? "nft" : "legacy";
                         });

void expect_same(const Dumped& found, const Transaction& written) {
    EXPECT_EQ(sorted(found.sets), made_sets(written));
    EXPECT_EQ(sorted(found.members), made_members(written));
    EXPECT_EQ(lines(found.nat), lines(written.restores[0].write));
    EXPECT_EQ(lines(found.filter), lines(written.restores[1].write));
    std::vector<Jump> jumps = written.restores[0].hook;
    jumps.insert(jumps.end(), written.restores[1].hook.begin(), written.restores[1].hook.end());
    // Nothing else is there, so what is last is first as well.
    for (Jump& jump : jumps) {
        jump.first = true;
    }
    EXPECT_EQ(lines(found.jumps), lines(jumps));
}

TEST_P(IptablesKernel, DumpsWhatWasWritten) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    EXPECT_TRUE(kernel->features().ipv6);
    EXPECT_TRUE(kernel->features().xt_bpf);
    for (const Family family : kFamilies) {
        commit(*kernel, sample(family));
    }
    const auto all = dump(*kernel);
    ASSERT_EQ(all.size(), 2U);
    for (std::size_t i = 0; i < kFamilies.size(); ++i) {
        EXPECT_EQ(all[i].family, kFamilies[i]);
        expect_same(all[i], sample(kFamilies[i]));
    }
}

TEST_P(IptablesKernel, IsEmptyAtFirstAndAfterRemoval) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    const auto nothing = dump(*kernel);
    for (const Dumped& found : nothing) {
        EXPECT_EQ(found.sets.size() + found.members.size() + found.nat.size() +
                      found.filter.size() + found.jumps.size(),
                  0U);
    }
    ASSERT_TRUE(kernel->remove_all());
    for (const Family family : kFamilies) {
        commit(*kernel, sample(family));
    }
    const auto done = kernel->remove_all();
    ASSERT_TRUE(done) << done.error().message();
    ASSERT_TRUE(kernel->remove_all());
    for (const Family family : kFamilies) {
        EXPECT_THAT(saved(GetParam(), family), Not(HasSubstr("SY-")));
    }
    EXPECT_THAT(must({"ipset", "list", "-n"}), IsEmpty());
}

TEST_P(IptablesKernel, LeavesTheRulesOfOthersAsTheyAre) {
    for (const Family family : kFamilies) {
        load(GetParam(), family, kForeign);
    }
    must({"ipset", "create", "cali40all-hosts", "hash:net"});
    must({"ipset", "create", "sy4-someone", "hash:net"});
    const std::string sets = must({"ipset", "list"});
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    std::vector<std::string> before;
    for (const Family family : kFamilies) {
        before.push_back(saved(GetParam(), family));
        commit(*kernel, sample(family));
        EXPECT_NE(saved(GetParam(), family), before.back());
    }
    const auto found = dump(*kernel);
    for (const Jump& jump : found[0].jumps) {
        EXPECT_EQ(jump.first, jump.table == Table::filter || jump.chain == "OUTPUT") << jump.chain;
    }
    ASSERT_TRUE(kernel->remove_all());
    for (std::size_t i = 0; i < kFamilies.size(); ++i) {
        EXPECT_EQ(saved(GetParam(), kFamilies[i]), before[i]);
    }
    EXPECT_EQ(must({"ipset", "list"}), sets);
}

TEST_P(IptablesKernel, PutsJumpsInPlaceOnce) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    commit(*kernel, sample(Family::ipv4));
    load(GetParam(), Family::ipv4,
         "*filter\n-I INPUT 1 -j ACCEPT\n-A INPUT -m conntrack --ctstate NEW -j SY-UNSERVED\n"
         "COMMIT\n");
    Transaction again;
    again.restores = {sample(Family::ipv4).restores[1]};
    // Two that are first stay in their order; one that is not there goes without complaint.
    again.restores[0].hook.push_back({Table::filter, "INPUT", "-j SY-FORWARD", true});
    again.restores[0].unhook = {{Table::filter, "INPUT", "-j SY-NOT-THERE", false}};
    commit(*kernel, again);
    EXPECT_THAT(saved(GetParam(), Family::ipv4),
                HasSubstr("-A INPUT -m conntrack --ctstate NEW -j SY-UNSERVED\n"
                          "-A INPUT -j SY-FORWARD\n-A INPUT -j ACCEPT\n-A FORWARD"));
    Transaction off;
    off.restores.resize(1);
    off.restores[0].table = Table::filter;
    off.restores[0].unhook = again.restores[0].hook;
    commit(*kernel, off);
    const auto left = dump(*kernel)[0];
    for (const Jump& jump : left.jumps) {
        EXPECT_EQ(jump.table, Table::nat);
    }
}

TEST_P(IptablesKernel, ChangesChainsAndMembers) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    commit(*kernel, sample(Family::ipv4));
    const SetRef vip{Family::ipv4, Role::vip, 0};
    const Member old{
        .set = vip, .ip = address("198.51.100.3"), .protocol = Protocol::tcp, .port = Port{80}};
    const SetRef sticky{Family::ipv4, Role::affinity, 1};
    Transaction change;
    change.before = {MemberOp{old, true, 1}, MemberOp{old, true, 1}};
    change.restores.resize(1);
    change.restores[0].write = {{"SY-C-5", {}}, {"SY-D", {"-j RETURN"}}};
    change.restores[0].remove = {"SY-S-STICKY"};
    change.after = {DestroySet{sticky}};
    commit(*kernel, change);
    const auto found = dump(*kernel)[0];
    EXPECT_EQ(std::ranges::count(found.members, old), 0);
    EXPECT_EQ(std::ranges::count(found.sets, sticky, &SetDef::set), 0);
    EXPECT_EQ(std::ranges::count(found.nat, "SY-S-STICKY", &Chain::name), 0);
    EXPECT_EQ(std::ranges::count(found.nat, Chain{"SY-D", {"-j RETURN"}}), 1);
    EXPECT_EQ(std::ranges::count(found.nat, Chain{"SY-C-5", {}}), 1);
}

TEST_P(IptablesKernel, WritesAndRemovesManyChains) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    Transaction many;
    many.restores.resize(1);
    for (int i = 0; i < 1200; ++i) {
        many.restores[0].write.push_back({"SY-S-" + std::to_string(100'000 - i),
                                          {"-p tcp -j DNAT --to-destination 10.0.0.1:1"}});
    }
    commit(*kernel, many);
    EXPECT_EQ(lines(dump(*kernel)[0].nat), lines(many.restores[0].write));
    Transaction gone;
    gone.restores.resize(1);
    for (const Chain& chain : many.restores[0].write) {
        gone.restores[0].remove.push_back(chain.name);
    }
    commit(*kernel, gone);
    EXPECT_THAT(dump(*kernel)[0].nat, IsEmpty());
}

TEST_P(IptablesKernel, ProbeFindsEverythingAndLeavesNothing) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    commit(*kernel, sample(Family::ipv4));
    const auto before = saved(GetParam(), Family::ipv4) + saved(GetParam(), Family::ipv6) +
                        must({"ipset", "list", "-n"});
    const auto done = kernel->probe();
    EXPECT_TRUE(done) << done.error().message();
    EXPECT_EQ(saved(GetParam(), Family::ipv4) + saved(GetParam(), Family::ipv6) +
                  must({"ipset", "list", "-n"}),
              before);
}

TEST_P(IptablesKernel, AllowsLocalhostRoutingAndTakesItBack) {
    const auto kernel = open(GetParam());
    ASSERT_TRUE(kernel);
    const std::vector<std::string> read{"cat", "/proc/sys/net/ipv4/conf/all/route_localnet"};
    ASSERT_TRUE(kernel->allow_localhost_routing());
    ASSERT_TRUE(kernel->allow_localhost_routing());
    EXPECT_EQ(must(read), "1\n");
    // Another process cleans up.
    ASSERT_TRUE(open(GetParam())->remove_all());
    EXPECT_EQ(must(read), "0\n");
    EXPECT_THAT(must({"ipset", "list", "-n"}), IsEmpty());
    // What was allowed before us stays.
    ASSERT_TRUE(lab::set_sysctl(*ns_, "net/ipv4/conf/all/route_localnet", "1"));
    ASSERT_TRUE(kernel->allow_localhost_routing());
    ASSERT_TRUE(kernel->remove_all());
    EXPECT_EQ(must(read), "1\n");
}

}  // namespace
}  // namespace sy::iptables
