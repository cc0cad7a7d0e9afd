#include "backends/iptables/tree.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <ranges>

#include "backends/iptables/text.h"
#include "tests/support/fake_iptables_kernel.h"
#include "tests/support/plans.h"
#include "tests/support/rule_walk.h"

namespace sy::iptables {
namespace {

using test::ip;
using testing::IsEmpty;
using testing::SizeIs;

using Random = std::mt19937;
using Lines = std::map<LineKey, Target>;
using Chains = std::map<std::string, std::vector<std::string>>;

unsigned below(Random& random, unsigned limit) {
    return std::uniform_int_distribution<unsigned>(0, limit - 1)(random);
}

/// An address of one of a few networks, dense or scattered.
IpAddr random_address(Random& random, Family family) {
    std::array<uint8_t, 16> bytes{};
    const auto size = unspecified(family).bytes().size();
    bytes[0] = static_cast<uint8_t>(10 + below(random, 3));
    const unsigned scattered = below(random, 4);
    for (std::size_t i = size - 1; i + 1 + scattered >= size && i > 0; --i) {
        bytes[i] = static_cast<uint8_t>(below(random, 256));
    }
    return *IpAddr::from_bytes(std::span(bytes).first(size));
}

LineKey random_key(Random& random, Family family, TreeId tree) {
    LineKey key{family, tree, unspecified(family), Protocol::tcp, Port{80}};
    constexpr std::array kProtocols{Protocol::tcp, Protocol::tcp, Protocol::udp, Protocol::sctp};
    key.protocol = kProtocols[below(random, 4)];
    if (is_port_tree(tree)) {
        key.port = Port(static_cast<uint16_t>(below(random, 3) == 0 ? below(random, 65536)
                                                                    : 30000 + below(random, 200)));
    } else {
        key.address = random_address(random, family);
        key.port = Port(static_cast<uint16_t>(80 + below(random, 3)));
    }
    return key;
}

Target random_target(Random& random, unsigned number) {
    if (below(random, 2) == 0) {
        return ToList{ListId::cluster, port_id({"ns", std::to_string(number)}, "", Protocol::tcp)};
    }
    ToEndpoints direct;
    for (unsigned i = 0; i <= below(random, 4); ++i) {
        direct.endpoints.push_back(
            {IpAddr::v4(10, 244, static_cast<uint8_t>(number / 200), static_cast<uint8_t>(number)),
             Port(static_cast<uint16_t>(1000 + i))});
    }
    return direct;
}

Lines random_lines(Random& random, Family family, TreeId tree, unsigned count) {
    Lines lines;
    for (unsigned i = 0; i < count; ++i) {
        lines.insert_or_assign(random_key(random, family, tree), random_target(random, i));
    }
    return lines;
}

Chains by_name(const std::vector<Chain>& chains) {
    Chains all;
    for (const auto& chain : chains) {
        EXPECT_TRUE(all.emplace(chain.name, chain.rules).second) << chain.name;
    }
    return all;
}

Tree built(Family family, TreeId id, const Lines& lines) {
    Tree tree(family, id);
    for (const auto& [key, target] : lines) {
        tree.set(key, target);
    }
    return tree;
}

/// Where a walk for the line should end.
std::set<std::string> ends_of(const Target& target) {
    if (const auto* list = std::get_if<ToList>(&target)) {
        return {list_chain_name(list->list, list->port)};
    }
    std::set<std::string> ends;
    for (const auto& endpoint : std::get<ToEndpoints>(target).endpoints) {
        ends.insert(endpoint.ip.to_string() + ":" + std::to_string(endpoint.port.number()));
    }
    return ends;
}

Walk walk_to(const Chains& chains, TreeId id, const LineKey& key) {
    const auto rules_of_chain = [&](const std::string& name) -> const std::vector<std::string>* {
        const auto found = chains.find(name);
        return found == chains.end() ? nullptr : &found->second;
    };
    // A NodePort is asked for at any address.
    const auto destination = is_port_tree(id) ? IpAddr::v4(192, 0, 2, 1) : key.address;
    return walk(rules_of_chain, std::string(root_name(id)), {destination, key.protocol, key.port});
}

struct Case {
    Family family;
    TreeId tree;
    unsigned lines;
};

class TreeTest : public testing::TestWithParam<Case> {
  protected:
    Family family() const { return GetParam().family; }
    TreeId id() const { return GetParam().tree; }
};

TEST_P(TreeTest, EveryLineIsFoundAndNothingElse) {
    Random random(GetParam().lines);
    const auto lines = random_lines(random, family(), id(), GetParam().lines);
    const auto chains = by_name(built(family(), id(), lines).chains());
    for (const auto& [key, target] : lines) {
        EXPECT_EQ(walk_to(chains, id(), key).ends, ends_of(target));
    }
    for (int i = 0; i < 2000; ++i) {
        const auto key = random_key(random, family(), id());
        if (!lines.contains(key)) {
            EXPECT_THAT(walk_to(chains, id(), key).ends, IsEmpty());
        }
    }
}

TEST_P(TreeTest, NoWayIsLongAndNoNameTooLong) {
    Random random(GetParam().lines + 1);
    const auto lines = random_lines(random, family(), id(), GetParam().lines);
    const auto chains = by_name(built(family(), id(), lines).chains());
    unsigned levels = 1;
    for (std::size_t reach = kLeafRules / 4; reach < GetParam().lines; reach *= 8) {
        ++levels;
    }
    for (const auto& [key, target] : lines) {
        const auto way = walk_to(chains, id(), key);
        // Rules of an address or port cannot be told apart by it: at most three protocols and
        // ports of four rules each, in a leaf of their own.
        EXPECT_LE(way.rules, way.chains * 16 + 3 * 3 * 4 + kLeafRules);
        EXPECT_LE(way.chains, levels + 3);
    }
    for (const auto& [name, rules] : chains) {
        EXPECT_LE(name.size(), kLongestChainName);
        EXPECT_EQ(tree_of_chain(name), id());
    }
}

TEST_P(TreeTest, TargetsHaveGreaterNames) {
    Random random(GetParam().lines + 2);
    const auto lines = random_lines(random, family(), id(), GetParam().lines);
    for (const auto& chain : built(family(), id(), lines).chains()) {
        for (const auto& rule : chain.rules) {
            for (const auto& target : targets_of(rule)) {
                EXPECT_GT(target, chain.name);
            }
        }
    }
}

TEST_P(TreeTest, TheShapeKnowsNoHistory) {
    Random random(GetParam().lines + 3);
    const auto lines = random_lines(random, family(), id(), GetParam().lines);
    const auto want = by_name(built(family(), id(), lines).chains());
    // Others come first and go again, in any order.
    const auto others = random_lines(random, family(), id(), GetParam().lines);
    std::vector<std::pair<LineKey, Target>> shuffled(lines.begin(), lines.end());
    std::ranges::shuffle(shuffled, random);
    auto tree = built(family(), id(), others);
    for (const auto& [key, target] : shuffled) {
        tree.set(key, target);
    }
    std::vector<std::pair<LineKey, Target>> going(others.begin(), others.end());
    std::ranges::shuffle(going, random);
    for (const auto& [key, target] : going) {
        if (!lines.contains(key)) {
            tree.set(key, std::nullopt);
        }
    }
    EXPECT_EQ(by_name(tree.chains()), want);
}

TEST_P(TreeTest, ChangesLeadFromOneStateToTheNext) {
    Random random(GetParam().lines + 4);
    Tree tree(family(), id());
    Lines lines;
    Chains kernel;
    for (int step = 0; step < 60; ++step) {
        const auto fresh = random_lines(random, family(), id(), 1 + below(random, 40));
        for (const auto& [key, target] : fresh) {
            tree.set(key, target);
            lines.insert_or_assign(key, target);
        }
        for (unsigned i = below(random, step % 10 == 9 ? 400 : 30); i > 0 && !lines.empty(); --i) {
            const auto gone =
                std::next(lines.begin(), below(random, static_cast<unsigned>(lines.size())));
            tree.set(gone->first, std::nullopt);
            lines.erase(gone);
        }
        const auto changes = tree.take_changes();
        for (const auto& chain : changes.write) {
            for (const auto& rule : chain.rules) {
                for (const auto& target : targets_of(rule)) {
                    EXPECT_TRUE(is_list_chain(target) || kernel.contains(target)) << target;
                }
            }
            kernel[chain.name] = chain.rules;
        }
        for (const auto& name : changes.remove) {
            kernel.erase(name);
        }
        ASSERT_EQ(kernel, by_name(built(family(), id(), lines).chains())) << "step " << step;
    }
}

TEST_P(TreeTest, SettingBackWhatWasThereUndoes) {
    Random random(GetParam().lines + 5);
    const auto lines = random_lines(random, family(), id(), GetParam().lines);
    auto tree = built(family(), id(), lines);
    const auto want = by_name(tree.chains());
    std::vector<std::pair<LineKey, std::optional<Target>>> before;
    const auto change = [&](const LineKey& key, std::optional<Target> target) {
        before.emplace_back(key, tree.set(key, std::move(target)));
    };
    for (const auto& [key, target] : random_lines(random, family(), id(), 100)) {
        change(key, target);
    }
    for (const auto& [key, target] : lines) {
        if (below(random, 2) == 0) {
            change(key, std::nullopt);
        }
    }
    tree.take_changes();
    for (auto& [key, target] : std::views::reverse(before)) {
        tree.set(key, std::move(target));
    }
    EXPECT_EQ(by_name(tree.chains()), want);
}

INSTANTIATE_TEST_SUITE_P(All, TreeTest,
                         testing::Values(Case{Family::ipv4, TreeId::address, 1},
                                         Case{Family::ipv4, TreeId::address, 40},
                                         Case{Family::ipv4, TreeId::address, 3000},
                                         Case{Family::ipv6, TreeId::address, 3000},
                                         Case{Family::ipv6, TreeId::address_local, 50},
                                         Case{Family::ipv4, TreeId::port, 30},
                                         Case{Family::ipv4, TreeId::port, 400},
                                         Case{Family::ipv6, TreeId::port_local, 400}));

TEST(Tree, RulesOfAFrontendStandTogetherAndInOrder) {
    Tree tree(Family::ipv4, TreeId::address);
    // Sorted as text, the rule without a probability would come first and take everything.
    const LineKey nine{Family::ipv4, TreeId::address, ip("10.0.0.9"), Protocol::tcp, Port{80}};
    const LineKey ten{Family::ipv4, TreeId::address, ip("10.0.0.10"), Protocol::tcp, Port{80}};
    const ToEndpoints two{{{ip("10.1.0.9"), Port{1}}, {ip("10.1.0.1"), Port{1}}}};
    tree.set(ten, two);
    tree.set(nine, two);
    auto want = rules_of(TreeLine{nine, two});
    std::ranges::copy(rules_of(TreeLine{ten, two}), std::back_inserter(want));
    EXPECT_EQ(tree.chains().at(0).rules, want);
}

TEST(Tree, OneAddressIsALeafHoweverManyPortsItHas) {
    Tree tree(Family::ipv4, TreeId::address);
    for (uint16_t port = 1; port <= 200; ++port) {
        tree.set({Family::ipv4, TreeId::address, ip("10.0.0.1"), Protocol::tcp, Port{port}},
                 ToList{});
    }
    EXPECT_THAT(tree.chains(), SizeIs(1));
}

TEST(Tree, SkipsDigitsAndHashesLongNames) {
    // Pairs that differ in ever higher digits only, so that branches follow one another with gaps.
    Tree tree(Family::ipv6, TreeId::address);
    Lines lines;
    for (unsigned mask = 0; mask < 1U << 8; ++mask) {
        std::array<uint8_t, 16> bytes{0xfd};
        for (unsigned bit = 0; bit < 8; ++bit) {
            bytes[15 - 2 * bit] = static_cast<uint8_t>(((mask >> bit) & 1U) << 4);
        }
        const LineKey key{Family::ipv6, TreeId::address, *IpAddr::from_bytes(bytes), Protocol::tcp,
                          Port{80}};
        lines[key] =
            ToList{ListId::cluster, port_id({"ns", std::to_string(mask)}, "", Protocol::tcp)};
        tree.set(key, lines[key]);
    }
    const auto chains = by_name(tree.chains());
    EXPECT_TRUE(chains.contains("SY-C-z1.0"));
    for (const auto& [name, rules] : chains) {
        EXPECT_LE(name.size(), kLongestChainName);
        for (const auto& rule : rules) {
            for (const auto& target : targets_of(rule)) {
                EXPECT_GT(target, name);
            }
        }
    }
    for (const auto& [key, target] : lines) {
        EXPECT_EQ(walk_to(chains, TreeId::address, key).ends, ends_of(target));
    }
}

TEST(Tree, PortsBranchIntoRanges) {
    Tree tree(Family::ipv4, TreeId::port);
    for (uint16_t port = 30000; port < 30100; ++port) {
        tree.set({Family::ipv4, TreeId::port, unspecified(Family::ipv4), Protocol::tcp, Port{port}},
                 ToList{});
    }
    const auto chains = by_name(tree.chains());
    // 30000 is 0x7530: protocol and the first two digits are common.
    EXPECT_THAT(chains.at("SY-N"),
                testing::Contains("-p tcp -m tcp --dport 30000:30015 -g SY-N-z3.3"));
    EXPECT_THAT(chains, testing::Contains(testing::Key("SY-N-z3.9")));
}

TEST(Tree, ACallThatChangesNothingYieldsNothing) {
    Tree tree(Family::ipv4, TreeId::port);
    EXPECT_THAT(tree.take_changes().write, SizeIs(1));  // the root
    const LineKey key{Family::ipv4, TreeId::port, unspecified(Family::ipv4), Protocol::tcp,
                      Port{1}};
    tree.set(key, std::nullopt);
    EXPECT_THAT(tree.take_changes().write, IsEmpty());
    tree.set(key, ToList{});
    tree.set(key, ToList{});
    EXPECT_THAT(tree.take_changes().write, SizeIs(1));
    tree.set(key, ToList{});
    EXPECT_THAT(tree.take_changes().write, IsEmpty());
}

TEST(Tree, KnowsItsChains) {
    EXPECT_EQ(tree_of_chain("SY-C"), TreeId::address);
    EXPECT_EQ(tree_of_chain("SY-M-z3.1"), TreeId::port_local);
    for (const auto* name : {"SY-CLUSTER", "SY-NODEPORT", "SY-NP-LOCAL", "SY-S-x", "SY-", "KUBE"}) {
        EXPECT_FALSE(tree_of_chain(name)) << name;
    }
}

}  // namespace
}  // namespace sy::iptables
