// Trigger times of endpoint changes, for the programming latency (model/cluster_state.h).
#include <gmock/gmock.h>

#include "build.h"
#include "model/cluster_state.h"

namespace sy {
namespace {

using namespace test;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr std::chrono::system_clock::time_point kStart{1000s};

class Triggers : public testing::Test {
  protected:
    Triggers() {
        state.apply(Upserted{service("web", "10.96.0.1")});
        state.take(10);
    }
    FamilySet put(const std::string& name, std::string_view address,
                  std::optional<ClusterState::WallTime> at) {
        auto object = slice("web", name, {names.endpoint(address)});
        object.trigger_time = at;
        return state.apply(Upserted{object});
    }
    FamilySet drop(const std::string& name) {
        return state.apply(Removed{{Kind::endpoint_slice, "default", name}});
    }
    /// When the triggers of the next delta were.
    std::vector<ClusterState::WallTime> taken() {
        std::vector<ClusterState::WallTime> times;
        for (const auto& trigger : state.take(10).triggers) {
            times.push_back(trigger.at);
        }
        return times;
    }

    Names names;
    ClusterState state{names.symbols, "here", kStart};
};

TEST_F(Triggers, OneChangeHasOne) {
    put("s", "10.0.0.1", kStart + 1s);
    const auto delta = state.take(10);
    EXPECT_THAT(delta.triggers,
                ElementsAre(Trigger{{"default", "web"}, Family::ipv4, kStart + 1s}));
    EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Triggers, EveryChangeCountsInItsFamily) {
    state.apply(Upserted{dual("web", "10.96.0.1", "fd00::1")});
    put("a", "10.0.0.1", kStart + 1s);
    put("b", "fd00:1::1", kStart + 2s);
    put("a", "10.0.0.2", kStart + 3s);
    const ServiceName web{"default", "web"};
    EXPECT_THAT(state.take(10).triggers, ElementsAre(Trigger{web, Family::ipv4, kStart + 1s},
                                                     Trigger{web, Family::ipv6, kStart + 2s},
                                                     Trigger{web, Family::ipv4, kStart + 3s}));
}

TEST_F(Triggers, WithoutAnAnnotationNothing) {
    put("s", "10.0.0.1", std::nullopt);
    EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Triggers, OlderThanTheStartIsIgnored) {
    put("s", "10.0.0.1", kStart - 1s);
    put("t", "10.0.0.2", kStart);
    EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Triggers, AnEqualSliceIsNoChangeWhateverItsTrigger) {
    put("s", "10.0.0.1", kStart + 1s);
    EXPECT_THAT(taken(), SizeIs(1));
    EXPECT_TRUE(put("s", "10.0.0.1", kStart + 2s).empty());
    EXPECT_FALSE(state.has_dirty());
    EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Triggers, ADeletionHasNone) {
    put("s", "10.0.0.1", kStart + 1s);
    taken();
    EXPECT_EQ(drop("s"), FamilySet(Family::ipv4));
    EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Triggers, AddDeleteAddCountsBothAdditions) {
    put("s", "10.0.0.1", kStart + 1s);
    drop("s");
    put("s", "10.0.0.2", kStart + 2s);
    EXPECT_THAT(taken(), ElementsAre(kStart + 1s, kStart + 2s));
}

TEST_F(Triggers, WhatCancelsOutHasNone) {
    put("s", "10.0.0.1", kStart + 1s);
    drop("s");
    EXPECT_THAT(taken(), IsEmpty());
    put("s", "10.0.0.1", kStart + 2s);
    EXPECT_THAT(taken(), ElementsAre(kStart + 2s));
}

TEST_F(Triggers, PutBackTheyCountLater) {
    put("s", "10.0.0.1", kStart + 1s);
    const auto failed = state.take(10);
    put("s", "10.0.0.2", kStart + 2s);
    state.put_back(failed);
    EXPECT_THAT(taken(), UnorderedElementsAre(kStart + 1s, kStart + 2s));
    EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Triggers, WithoutAServiceThereIsNothingToMeasure) {
    auto object = slice("nobody", "s", {names.endpoint("10.0.0.1")});
    object.trigger_time = kStart + 1s;
    state.apply(Upserted{object});
    EXPECT_THAT(taken(), IsEmpty());
    EXPECT_FALSE(state.has_dirty());
}

TEST_F(Triggers, AServiceThatCannotBeWrittenGathersABoundedNumber) {
    for (int i = 1; i <= 1000; ++i) {
        put("s", i % 2 == 0 ? "10.0.0.1" : "10.0.0.2", kStart + std::chrono::seconds(i));
    }
    const auto times = taken();
    EXPECT_THAT(times, SizeIs(100));
    EXPECT_EQ(times.front(), kStart + 1s) << "the oldest tell most";
}

TEST_F(Triggers, EventsTellTheFamiliesTheyConcern) {
    EXPECT_EQ(state.apply(Upserted{dual("both", "10.96.0.2", "fd00::2")}), FamilySet::both());
    EXPECT_TRUE(state.apply(Upserted{dual("both", "10.96.0.2", "fd00::2")}).empty());
    EXPECT_EQ(state.apply(Upserted{service("both", "10.96.0.2")}), FamilySet::both())
        << "it left the other family";
    EXPECT_EQ(state.apply(Removed{{Kind::service, "default", "both"}}), FamilySet(Family::ipv4));
    EXPECT_TRUE(state.apply(Removed{{Kind::service, "default", "both"}}).empty());
    EXPECT_EQ(put("six", "fd00:1::1", {}), FamilySet(Family::ipv6));
    EXPECT_EQ(drop("six"), FamilySet(Family::ipv6));
    EXPECT_TRUE(drop("six").empty());
    Node node;
    node.name = "here";
    node.zone = "a";
    EXPECT_EQ(state.apply(Upserted{node}), FamilySet::both());
    EXPECT_TRUE(state.apply(Upserted{node}).empty());
}

}  // namespace
}  // namespace sy
