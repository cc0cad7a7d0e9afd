#include "model/choose.h"

#include <gtest/gtest.h>

#include "build.h"

namespace sy {
namespace {

using namespace test;
using List = std::vector<std::string>;

constexpr Policies kCluster{};
constexpr Policies kInternalLocal{.internal_local = true};
constexpr Policies kExternalLocal{.external_local = true, .external = true};
constexpr Policies kBothLocal{.internal_local = true, .external_local = true, .external = true};

class Choosing : public ::testing::Test {
  protected:
    Choice choose(std::vector<Endpoint> endpoints, const Policies& policies) {
        return choose(std::move(endpoints), policies, names.view());
    }
    Choice choose(std::vector<Endpoint> endpoints, const Policies& policies, const NodeView& node) {
        const auto s = slice("web", "s", std::move(endpoints));
        const std::vector<const EndpointSlice*> slices{&s};
        const auto merged = merge_endpoints(slices, Family::ipv4, Protocol::tcp, "");
        return sy::choose(merged, policies, node, names.symbols);
    }

    Names names;
};

// One row of the truth table. Endpoints as letters: upper half local or remote, then the state.
struct Row {
    const char* what;
    std::vector<const char*> endpoints;  // "LR": local ready, "rT": remote terminating, "LX", …
    Policies policies;
    List cluster;
    List local;
    bool has_any;
};

TEST_F(Choosing, TruthTable) {
    const std::string l = "10.0.0.1";
    const std::string r = "10.0.0.2";
    const Policies local_when_external{.external_local = true, .external = true};
    const std::vector<Row> rows{
        {"both ready, Cluster", {"LR", "rR"}, kCluster, {l, r}, {}, true},
        {"both ready, Cluster, external", {"LR", "rR"}, {.external = true}, {l, r}, {}, true},
        {"internal Local only", {"LR", "rR"}, kInternalLocal, {}, {l}, true},
        {"internal Local, all remote", {"rR", "rR"}, kInternalLocal, {}, {}, true},
        {"local terminating, remote ready", {"LT", "rR"}, local_when_external, {r}, {l}, true},
        {"all terminating, Cluster", {"LT", "rT"}, kCluster, {l, r}, {}, true},
        {"all terminating, external", {"LT", "rT"}, {.external = true}, {l, r}, {}, true},
        {"remote terminating, both Local",
         {"rT", "rT"},
         kBothLocal,
         {"10.0.0.1", "10.0.0.2"},
         {},
         true},
        {"nobody usable, Cluster", {"LX", "rX"}, kCluster, {}, {}, false},
        {"nobody usable, internal Local", {"LX", "rX"}, kInternalLocal, {}, {}, false},
        {"nobody usable, external Local", {"LX", "rX"}, kExternalLocal, {}, {}, false},
        {"nobody usable, both Local", {"LX", "rX"}, kBothLocal, {}, {}, false},
        {"external Local but nothing external",
         {"LR", "rR"},
         {.external_local = true},
         {l, r},
         {},
         true},
        {"no endpoints at all", {}, kBothLocal, {}, {}, false},
        {"internal Local with external", {"LR", "rR"}, kBothLocal, {l, r}, {l}, true},
        {"both Local, all remote", {"rR", "rR"}, kBothLocal, {l, r}, {}, true},
        {"internal Local, all local", {"LR", "LR"}, kInternalLocal, {}, {l, r}, true},
        {"some ready", {"LR", "rX"}, kCluster, {l}, {}, true},
        {"ready ones exist, terminating unused", {"LT", "rR"}, kCluster, {r}, {}, true},
        {"internal Local, local terminating", {"LT", "rR"}, kInternalLocal, {}, {l}, true},
        {"internal Local, all remote terminating", {"rT", "rT"}, kInternalLocal, {}, {}, true},
        {"local ready beats local terminating", {"LR", "LT"}, kInternalLocal, {}, {l}, true},
    };
    for (const auto& row : rows) {
        std::vector<Endpoint> endpoints;
        for (std::size_t i = 0; i < row.endpoints.size(); ++i) {
            endpoints.push_back(names.endpoint("10.0.0." + std::to_string(i + 1),
                                               row.endpoints[i][1],
                                               row.endpoints[i][0] == 'L' ? "here" : "there"));
        }
        const auto choice = choose(endpoints, row.policies);
        EXPECT_EQ(addresses(choice.cluster), row.cluster) << row.what;
        EXPECT_EQ(addresses(choice.local), row.local) << row.what;
        EXPECT_EQ(choice.has_any, row.has_any) << row.what;
    }
}

TEST_F(Choosing, HintedInTheTableToo) {
    // Node in zone a; the local endpoint is hinted for zone b.
    const auto both =
        choose({names.zoned("10.0.0.1", {"b"}, 'R', "here"), names.zoned("10.0.0.2", {"a"})},
               kExternalLocal);
    EXPECT_EQ(addresses(both.cluster), List{"10.0.0.2"});
    EXPECT_EQ(addresses(both.local), List{"10.0.0.1"});
    const auto partial =
        choose({names.local("10.0.0.1"), names.zoned("10.0.0.2", {"a"})}, kCluster);
    EXPECT_EQ(addresses(partial.cluster), (List{"10.0.0.1", "10.0.0.2"}));
}

TEST_F(Choosing, MarksWhatRunsHere) {
    const auto choice = choose({names.local("10.0.0.1"), names.endpoint("10.0.0.2")}, kCluster);
    EXPECT_TRUE(choice.cluster[0].is_local);
    EXPECT_FALSE(choice.cluster[1].is_local);
}

TEST_F(Choosing, NothingIsLocalToANodeWithoutName) {
    auto nameless = names.view();
    nameless.name = Symbol::none;
    auto anywhere = names.endpoint("10.0.0.1");
    anywhere.node = Symbol::none;
    const auto choice = choose({names.local("10.0.0.2"), anywhere}, kBothLocal, nameless);
    EXPECT_TRUE(choice.local.empty());
    EXPECT_FALSE(choice.cluster[0].is_local);
}

TEST_F(Choosing, ZoneWithTwoUsesOnlyThose) {
    const std::vector endpoints{names.zoned("10.0.0.1", {"a"}), names.zoned("10.0.0.2", {"b"}),
                                names.zoned("10.0.0.3", {"c"}), names.zoned("10.0.0.4", {"a"})};
    EXPECT_EQ(addresses(choose(endpoints, kCluster).cluster), (List{"10.0.0.1", "10.0.0.4"}));
}

TEST_F(Choosing, NodeWithoutKnownZoneDoesNotFilter) {
    const std::vector endpoints{names.zoned("10.0.0.1", {"a"}), names.zoned("10.0.0.2", {"b"})};
    const List all{"10.0.0.1", "10.0.0.2"};
    EXPECT_EQ(addresses(choose(endpoints, kCluster, names.view("")).cluster), all);
    EXPECT_EQ(addresses(choose(endpoints, kCluster, names.view("unhinted")).cluster), all);
    // A hint without a name is a hint, but it matches no node without a zone.
    const std::vector nameless{names.zoned("10.0.0.1", {""}), names.zoned("10.0.0.2", {"b"})};
    EXPECT_EQ(addresses(choose(nameless, kCluster, names.view("")).cluster), all);
}

TEST_F(Choosing, UnreadyEndpointsDoNotTakePartInTopology) {
    const std::vector endpoints{names.zoned("10.0.0.1", {"a"}, 'X'), names.zoned("10.0.0.2", {"a"}),
                                names.zoned("10.0.0.3", {"b"}), names.endpoint("10.0.0.4", 'X')};
    EXPECT_EQ(addresses(choose(endpoints, kCluster).cluster), List{"10.0.0.2"});
    const std::vector dead_zone{names.zoned("10.0.0.1", {"a"}, 'X'), names.zoned("10.0.0.2", {"b"}),
                                names.zoned("10.0.0.3", {"c"})};
    EXPECT_EQ(addresses(choose(dead_zone, kCluster).cluster), (List{"10.0.0.2", "10.0.0.3"}));
}

TEST_F(Choosing, OneReadyEndpointWithoutHintEndsFiltering) {
    const std::vector endpoints{names.zoned("10.0.0.1", {"a"}), names.zoned("10.0.0.2", {"b"}),
                                names.endpoint("10.0.0.3")};
    EXPECT_EQ(choose(endpoints, kCluster).cluster.size(), 3U);
}

TEST_F(Choosing, HintForSeveralZonesCountsInEach) {
    const std::vector endpoints{names.zoned("10.0.0.1", {"a", "b", "c"}),
                                names.zoned("10.0.0.2", {"b", "c"}),
                                names.zoned("10.0.0.3", {"b", "d"})};
    EXPECT_EQ(addresses(choose(endpoints, kCluster).cluster), List{"10.0.0.1"});
    EXPECT_EQ(choose(endpoints, kCluster, names.view("b")).cluster.size(), 3U);
    EXPECT_EQ(addresses(choose(endpoints, kCluster, names.view("d")).cluster), List{"10.0.0.3"});
}

TEST_F(Choosing, CompleteNodeHintsThatNameThisNodeWin) {
    auto mine = names.zoned("10.0.0.1", {"b"});
    mine.node_hints = names.list({"here"});
    auto other = names.zoned("10.0.0.2", {"a"});
    other.node_hints = names.list({"there"});
    EXPECT_EQ(addresses(choose({mine, other}, kCluster).cluster), List{"10.0.0.1"});
}

TEST_F(Choosing, IncompleteNodeHintsAreIgnored) {
    auto mine = names.endpoint("10.0.0.1");
    mine.node_hints = names.list({"here"});
    const auto bare = names.endpoint("10.0.0.2");
    EXPECT_EQ(choose({mine, bare}, kCluster).cluster.size(), 2U);
    auto zoned_mine = mine;
    zoned_mine.zone_hints = names.list({"b"});
    const auto zoned = names.zoned("10.0.0.2", {"a"});
    EXPECT_EQ(addresses(choose({zoned_mine, zoned}, kCluster).cluster), List{"10.0.0.2"});
}

TEST_F(Choosing, NodeHintsForOthersLeaveTheZoneRule) {
    auto far = names.zoned("10.0.0.1", {"b"});
    far.node_hints = names.list({"there"});
    auto near = names.zoned("10.0.0.2", {"a"});
    near.node_hints = names.list({"elsewhere"});
    EXPECT_EQ(addresses(choose({far, near}, kCluster).cluster), List{"10.0.0.2"});
}

TEST_F(Choosing, LocalListIgnoresHints) {
    const auto choice = choose({names.zoned("10.0.0.1", {"b"}, 'R', "here"),
                                names.zoned("10.0.0.2", {"a"}), names.zoned("10.0.0.3", {"b"})},
                               kBothLocal);
    EXPECT_EQ(addresses(choice.cluster), List{"10.0.0.2"});
    EXPECT_EQ(addresses(choice.local), List{"10.0.0.1"});
}

TEST_F(Choosing, TerminatingFallbackIgnoresTopology) {
    const std::vector endpoints{names.zoned("10.0.0.1", {"a"}, 'T'),
                                names.zoned("10.0.0.2", {"b"}, 'T')};
    EXPECT_EQ(choose(endpoints, kCluster).cluster.size(), 2U);
}

TEST_F(Choosing, ServingButNeitherReadyNorTerminatingIsUnused) {
    auto odd = names.local("10.0.0.1", 'X');
    odd.serving = true;
    const auto choice = choose({odd}, kBothLocal);
    EXPECT_TRUE(choice.cluster.empty());
    EXPECT_TRUE(choice.local.empty());
    EXPECT_FALSE(choice.has_any);
}

TEST_F(Choosing, PublishedNotReadyAddressesAreReadyEvenWhileTerminating) {
    auto pod = names.local("10.0.0.1");
    pod.serving = false;
    pod.terminating = true;
    EXPECT_EQ(addresses(choose({pod}, kBothLocal).local), List{"10.0.0.1"});
}

}  // namespace
}  // namespace sy
