#include "backends/iptables/constant.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "tests/support/fake_iptables_kernel.h"
#include "tests/support/plans.h"

namespace sy::iptables {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const NodeFacts kFacts{
    {}, {}, CidrDetector{{*Cidr::parse("10.244.0.0/16"), *Cidr::parse("fd00::/64")}}, false};

Constant part(Family family, const NodeFacts& facts = kFacts, const IptablesSettings& settings = {},
              const Features& features = {}) {
    return constant_part(constant_config(family, facts, settings, features).value());
}

std::vector<std::string> rules(const std::vector<Chain>& chains, std::string_view name) {
    const auto found = std::ranges::find(chains, name, &Chain::name);
    return found == chains.end() ? std::vector<std::string>{"no such chain"} : found->rules;
}

/// Every chain in one text.
std::string all_text(const Constant& constant) {
    std::string text;
    for (const auto* chains : {&constant.nat, &constant.filter}) {
        for (const auto& chain : *chains) {
            for (const auto& rule : chain.rules) {
                text += "-A " + chain.name + " " + rule + "\n";
            }
        }
    }
    return text;
}

TEST(ConstantPart, NatOfIpv4) {
    const auto nat = part(Family::ipv4).nat;
    EXPECT_THAT(rules(nat, "SY-SERVICES"),
                ElementsAre("-m set --match-set sy4-vip dst,dst -g SY-EXTERNAL",
                            "-m set --match-set sy4-cip dst -g SY-CLUSTER",
                            "-m set --match-set sy4-np dst,dst -m set --match-set sy4-npip dst "
                            "-g SY-NODEPORT",
                            "-d 127.0.0.0/8 -o lo -m set --match-set sy4-np dst,dst "
                            "-g SY-NODEPORT"));
    EXPECT_THAT(rules(nat, "SY-CLUSTER"),
                ElementsAre("-m set ! --match-set sy4-pods src -j MARK --set-xmark 0x4000/0x4000",
                            "-g SY-C"));
    EXPECT_THAT(rules(nat, "SY-EXTERNAL"),
                ElementsAre("-m set --match-set sy4-ranged dst,dst -m set ! --match-set sy4-range "
                            "dst,dst,src -j RETURN",
                            "-m set --match-set sy4-local dst,dst -g SY-LOCAL",
                            "-j MARK --set-xmark 0x4000/0x4000", "-g SY-C"));
    EXPECT_THAT(rules(nat, "SY-LOCAL"),
                ElementsAre("-m set --match-set sy4-pods src -g SY-C",
                            "-m addrtype ! --src-type LOCAL -g SY-D",
                            "-j MARK --set-xmark 0x4000/0x4000", "-g SY-C"));
    EXPECT_THAT(rules(nat, "SY-NODEPORT"),
                ElementsAre("-m set --match-set sy4-np-local dst,dst -g SY-NP-LOCAL",
                            "-j MARK --set-xmark 0x4000/0x4000", "-g SY-N"));
    EXPECT_THAT(rules(nat, "SY-NP-LOCAL"),
                ElementsAre("-m set --match-set sy4-pods src -g SY-N",
                            "-m addrtype ! --src-type LOCAL -g SY-M",
                            "-j MARK --set-xmark 0x4000/0x4000", "-g SY-N"));
    EXPECT_THAT(rules(nat, "SY-POST"),
                ElementsAre("-m mark --mark 0x4000/0x4000 -j SY-MASQ",
                            "-m conntrack --ctstate DNAT -m bpf --bytecode \"6,32 0 0 12,7 0 0 "
                            "0,32 0 0 16,29 0 1 0,6 0 0 65535,6 0 0 0\" -j MASQUERADE "
                            "--random-fully"));
    EXPECT_THAT(rules(nat, "SY-MASQ"),
                ElementsAre("-j MARK --set-xmark 0x4000/0x0", "-j MASQUERADE --random-fully"));
}

TEST(ConstantPart, FilterOfIpv4) {
    const auto filter = part(Family::ipv4).filter;
    EXPECT_THAT(
        rules(filter, "SY-FORWARD"),
        ElementsAre("-m conntrack --ctstate INVALID -m set --match-set sy4-ep src,src -j DROP",
                    "-m conntrack --ctstate NEW -j SY-UNSERVED",
                    "-m mark --mark 0x4000/0x4000 -j ACCEPT",
                    "-m conntrack --ctstate RELATED,ESTABLISHED -m conntrack --ctstate DNAT "
                    "-j ACCEPT"));
    EXPECT_THAT(rules(filter, "SY-UNSERVED"),
                ElementsAre("-m conntrack --ctstate DNAT -j RETURN",
                            "-m set --match-set sy4-vip dst,dst -g SY-UNSERVED-EXT",
                            "-m set --match-set sy4-np dst,dst -m set --match-set sy4-npip dst "
                            "-g SY-UNSERVED-NP",
                            "-m addrtype --dst-type LOCAL -j RETURN",
                            "-m set --match-set sy4-cip dst -g SY-UNSERVED-CIP",
                            "-m set --match-set sy4-cidr dst -j DROP"));
    EXPECT_THAT(rules(filter, "SY-UNSERVED-EXT"),
                ElementsAre("-m set --match-set sy4-ranged dst,dst -m set ! --match-set sy4-range "
                            "dst,dst,src -j DROP",
                            "-m set --match-set sy4-local dst,dst -j DROP",
                            "-j REJECT --reject-with icmp-port-unreachable"));
    EXPECT_THAT(rules(filter, "SY-UNSERVED-NP"),
                ElementsAre("-m set --match-set sy4-np-local dst,dst -j DROP",
                            "-j REJECT --reject-with icmp-port-unreachable"));
    EXPECT_THAT(rules(filter, "SY-UNSERVED-CIP"),
                ElementsAre("-m set --match-set sy4-drop dst,dst -j DROP",
                            "-j REJECT --reject-with icmp-port-unreachable"));
    EXPECT_THAT(rules(filter, "SY-GUARD"),
                ElementsAre("! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate "
                            "RELATED,ESTABLISHED,DNAT -j DROP"));
}

TEST(ConstantPart, Ipv6HasNoLocalhost) {
    const auto six = part(Family::ipv6);
    const auto text = all_text(six);
    EXPECT_THAT(text, Not(HasSubstr("127.0.0.0")));
    EXPECT_THAT(text, Not(HasSubstr("sy4-")));
    EXPECT_THAT(text, Not(HasSubstr("SY-GUARD")));
    EXPECT_THAT(text, HasSubstr("-j REJECT --reject-with icmp6-port-unreachable"));
    EXPECT_THAT(text, HasSubstr("\"18,32 0 0 8,"));
    EXPECT_THAT(six.jumps, SizeIs(6));
}

TEST(ConstantPart, IsHookedBeforeAllElse) {
    const auto jumps = part(Family::ipv4).jumps;
    EXPECT_THAT(jumps, SizeIs(8));
    EXPECT_THAT(jumps, Each(testing::Field(&Jump::first, true)));
    EXPECT_THAT(jumps, Contains(Jump{Table::nat, "PREROUTING", "-j SY-SERVICES", true}));
    EXPECT_THAT(jumps, Contains(Jump{Table::filter, "FORWARD", "-j SY-FORWARD", true}));
    EXPECT_THAT(jumps, Contains(Jump{Table::filter, "OUTPUT",
                                     "-m conntrack --ctstate NEW -j SY-UNSERVED", true}));
}

// What DROP and REJECT may not be in, and nothing of ours decides in filter before the refusals.
TEST(ConstantPart, RefusesInFilterOnly) {
    for (const auto& chain : part(Family::ipv4).nat) {
        EXPECT_THAT(chain.rules, Each(Not(HasSubstr("-j DROP"))));
        EXPECT_THAT(chain.rules, Each(Not(HasSubstr("-j REJECT"))));
    }
    const auto forward = rules(part(Family::ipv4).filter, "SY-FORWARD");
    EXPECT_THAT(forward[1], HasSubstr("SY-UNSERVED"));
    EXPECT_THAT(forward[2], HasSubstr("-j ACCEPT"));
}

TEST(ConstantPart, TargetsComeFirst) {
    const auto constant = part(Family::ipv4);
    for (const auto* chains : {&constant.nat, &constant.filter}) {
        std::set<std::string> known{"SY-C", "SY-D", "SY-N", "SY-M"};
        for (const auto& chain : *chains) {
            for (const auto& rule : chain.rules) {
                for (const auto& target : targets_of(rule)) {
                    EXPECT_TRUE(known.contains(target)) << chain.name << " before " << target;
                }
            }
            known.insert(chain.name);
        }
    }
}

TEST(ConstantPart, AsksOnlySetsItHas) {
    for (const bool bpf : {true, false}) {
        Features features;
        features.xt_bpf = bpf;
        const auto constant = part(Family::ipv4, kFacts, {}, features);
        std::set<std::string> names;
        for (const auto& set : constant.sets) {
            names.insert(set_name(set));
        }
        for (const auto* chains : {&constant.nat, &constant.filter}) {
            for (const auto& chain : *chains) {
                for (const auto& rule : chain.rules) {
                    for (const auto& set : sets_of(rule)) {
                        EXPECT_TRUE(names.contains(set)) << set;
                    }
                }
            }
        }
        EXPECT_EQ(names.contains("sy4-hairpin"), !bpf);
    }
}

TEST(ConstantPart, RecognisesPodsByInterface) {
    auto facts = kFacts;
    facts.detector = InterfaceDetector{"cali", true};
    const auto constant = part(Family::ipv4, facts);
    EXPECT_THAT(rules(constant.nat, "SY-CLUSTER"),
                ElementsAre("! -i cali+ -j MARK --set-xmark 0x4000/0x4000", "-g SY-C"));
    EXPECT_EQ(rules(constant.nat, "SY-LOCAL")[0], "-i cali+ -g SY-C");
    EXPECT_EQ(rules(constant.nat, "SY-NP-LOCAL")[0], "-i cali+ -g SY-N");
    EXPECT_THAT(all_text(constant), Not(HasSubstr("sy4-pods")));
    facts.detector = InterfaceDetector{"br0", false};
    EXPECT_EQ(rules(part(Family::ipv4, facts).nat, "SY-LOCAL")[0], "-i br0 -g SY-C");
}

TEST(ConstantPart, WithoutADetectorNobodyIsAPod) {
    auto facts = kFacts;
    facts.detector = NoDetector{};
    const auto constant = part(Family::ipv4, facts);
    EXPECT_THAT(rules(constant.nat, "SY-CLUSTER"), ElementsAre("-g SY-C"));
    EXPECT_THAT(rules(constant.nat, "SY-LOCAL"), SizeIs(3));
    EXPECT_THAT(all_text(constant), Not(HasSubstr("sy4-pods")));
    // A detector of the other family is none.
    facts.detector = CidrDetector{{*Cidr::parse("fd00::/64")}};
    EXPECT_THAT(rules(part(Family::ipv4, facts).nat, "SY-CLUSTER"), ElementsAre("-g SY-C"));
    EXPECT_THAT(rules(part(Family::ipv6, facts).nat, "SY-CLUSTER"), SizeIs(2));
}

TEST(ConstantPart, MasqueradesAllIfTold) {
    auto facts = kFacts;
    facts.masquerade_all = true;
    EXPECT_THAT(rules(part(Family::ipv4, facts).nat, "SY-CLUSTER"),
                ElementsAre("-j MARK --set-xmark 0x4000/0x4000", "-g SY-C"));
}

TEST(ConstantPart, TakesTheSettings) {
    IptablesSettings settings;
    settings.masquerade_bit = 31;
    settings.localhost_nodeports = false;
    const auto constant = part(Family::ipv4, kFacts, settings);
    const auto text = all_text(constant);
    EXPECT_THAT(text, HasSubstr("--set-xmark 0x80000000/0x80000000"));
    EXPECT_THAT(text, HasSubstr("--set-xmark 0x80000000/0x0"));
    EXPECT_THAT(text, Not(HasSubstr("0x4000")));
    EXPECT_THAT(text, Not(HasSubstr("127.0.0.0")));
    EXPECT_THAT(constant.jumps, SizeIs(6));
}

TEST(ConstantPart, KnowsHairpinBySetsWithoutTheMatch) {
    Features features;
    features.xt_bpf = false;
    const auto constant = part(Family::ipv4, kFacts, {}, features);
    EXPECT_EQ(rules(constant.nat, "SY-POST")[1],
              "-m conntrack --ctstate DNAT -m set --match-set sy4-hairpin src,dst,dst -j "
              "MASQUERADE --random-fully");
}

TEST(ConstantPart, RefusesNamesThatAreNoInterfaces) {
    for (const auto& detector :
         {InterfaceDetector{"", true}, InterfaceDetector{"eth0 -j ACCEPT", false},
          InterfaceDetector{"a\nb", true}, InterfaceDetector{"cali+", false},
          InterfaceDetector{"abcdefghijklmno", true}, InterfaceDetector{"abcdefghijklmnop", false},
          InterfaceDetector{"\"x\"", false}}) {
        auto facts = kFacts;
        facts.detector = detector;
        EXPECT_FALSE(constant_config(Family::ipv4, facts, {}, {})) << detector.name;
    }
}

}  // namespace
}  // namespace sy::iptables
