#include "model/cluster_state.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "build.h"

namespace sy {
namespace {

using namespace test;
using List = std::vector<std::string>;

class State : public ::testing::Test {
  protected:
    void put(Object object) { state.apply(Upserted{std::move(object)}); }
    void drop(Kind kind, const std::string& name) {
        state.apply(Removed{
            {kind, kind == Kind::node || kind == Kind::service_cidr ? "" : "default", name}});
    }
    PlanDelta take() { return state.take(1000); }
    /// The names in the next delta; removed ones with a minus.
    List told() {
        const auto delta = take();
        List all;
        for (const auto& plan : delta.changed) {
            all.push_back(plan->name.name);
        }
        for (const auto& name : delta.removed) {
            all.push_back("-" + name.name);
        }
        return all;
    }
    std::vector<Endpoint> one(std::string_view address) { return {names.endpoint(address)}; }
    Node here(const std::string& zone, std::vector<IpAddr> addresses = {}) {
        Node n;
        n.name = "here";
        n.zone = zone;
        n.addresses = std::move(addresses);
        return n;
    }

    Names names;
    ClusterState state{names.symbols, "here"};
};

TEST_F(State, CompleteWhenServicesAndSlicesAreListed) {
    EXPECT_FALSE(state.complete());
    state.apply(Listed{Kind::node});
    state.apply(Listed{Kind::service});
    EXPECT_FALSE(state.complete());
    state.apply(Listed{Kind::endpoint_slice});
    EXPECT_TRUE(state.complete());
}

TEST_F(State, PlansAServiceOnceAndNoMore) {
    put(service("web", "10.96.0.1"));
    EXPECT_TRUE(state.has_dirty());
    const auto delta = take();
    ASSERT_EQ(delta.changed.size(), 1U);
    EXPECT_EQ(delta.changed[0]->name.name, "web");
    EXPECT_EQ(delta.known_services, 1U);
    EXPECT_FALSE(state.has_dirty());
    EXPECT_TRUE(take().empty());
}

TEST_F(State, EqualUpsertIsNoChange) {
    put(service("web", "10.96.0.1"));
    put(slice("web", "s", one("10.0.0.1")));
    take();
    put(service("web", "10.96.0.1"));
    put(slice("web", "s", one("10.0.0.1")));
    EXPECT_FALSE(state.has_dirty());
}

TEST_F(State, ReorderedSliceIsDirtyButTellsNothing) {
    put(service("web", "10.96.0.1"));
    put(slice("web", "s", {names.endpoint("10.0.0.1"), names.endpoint("10.0.0.2")}));
    take();
    put(slice("web", "s", {names.endpoint("10.0.0.2"), names.endpoint("10.0.0.1")}));
    EXPECT_TRUE(state.has_dirty());
    EXPECT_EQ(told(), List{});
    EXPECT_FALSE(state.has_dirty());
}

TEST_F(State, EndpointChangesAreToldOneByOne) {
    put(service("web", "10.96.0.1"));
    EXPECT_EQ(told(), List{"web"});
    put(slice("web", "s1", one("10.0.0.1")));
    EXPECT_EQ(addresses(take().changed.at(0)->ports[0].cluster), List{"10.0.0.1"});
    put(slice("web", "s2", one("10.0.0.2")));
    EXPECT_EQ(addresses(take().changed.at(0)->ports[0].cluster), (List{"10.0.0.1", "10.0.0.2"}));
    put(slice("web", "s1", {names.endpoint("10.0.0.1", 'T')}));
    EXPECT_EQ(addresses(take().changed.at(0)->ports[0].cluster), List{"10.0.0.2"});
    drop(Kind::endpoint_slice, "s2");
    EXPECT_EQ(addresses(take().changed.at(0)->ports[0].cluster), List{"10.0.0.1"});
    drop(Kind::endpoint_slice, "s1");
    EXPECT_TRUE(take().changed.at(0)->ports[0].cluster.empty());
}

TEST_F(State, RenamedAndRenumberedPorts) {
    auto s = service("web", "10.96.0.1");
    s.ports = {{"a", Protocol::tcp, Port(80), {}}, {"b", Protocol::tcp, Port(81), {}}};
    auto endpoints = slice("web", "s", one("10.0.0.1"));
    endpoints.ports = {{"a", Protocol::tcp, Port(8080)}};
    put(s);
    put(endpoints);
    auto plan = take().changed.at(0);
    EXPECT_EQ(plan->ports[0].cluster.size(), 1U);
    EXPECT_TRUE(plan->ports[1].cluster.empty());
    endpoints.ports = {{"b", Protocol::tcp, Port(8080)}};
    put(endpoints);
    plan = take().changed.at(0);
    EXPECT_TRUE(plan->ports[0].cluster.empty());
    EXPECT_EQ(plan->ports[1].cluster.size(), 1U);
    endpoints.ports[0].port = Port(9090);
    put(endpoints);
    EXPECT_EQ(take().changed.at(0)->ports[1].cluster[0].address, at("10.0.0.1", 9090));
}

TEST_F(State, ServicesAndNamespacesDoNotMix) {
    auto other_ns = slice("web", "s", one("10.0.0.9"));
    other_ns.ns = "other";
    put(service("web", "10.96.0.1"));
    put(service("api", "10.96.0.2"));
    put(other_ns);
    put(slice("web", "s", one("10.0.0.1")));
    for (const auto& plan : take().changed) {
        EXPECT_EQ(addresses(plan->ports[0].cluster),
                  plan->name.name == "web" ? List{"10.0.0.1"} : List{});
    }
    state.apply(Removed{{Kind::endpoint_slice, "other", "s"}});
    EXPECT_EQ(told(), List{});
    put(slice("web", "s", one("10.0.0.2")));
    EXPECT_EQ(told(), List{"web"});
}

TEST_F(State, SliceLeavesItsOldServiceWithTheLabel) {
    put(service("blue", "10.96.0.1"));
    put(service("green", "10.96.0.2"));
    put(slice("blue", "s", one("10.0.0.1")));
    take();
    put(slice("green", "s", one("10.0.0.1")));
    for (const auto& plan : take().changed) {
        EXPECT_EQ(plan->ports[0].cluster.empty(), plan->name.name == "blue");
    }
    auto unlabelled = slice("green", "s", one("10.0.0.1"));
    unlabelled.service.clear();
    put(unlabelled);
    const auto delta = take();
    ASSERT_EQ(delta.changed.size(), 1U);
    EXPECT_EQ(delta.changed[0]->name.name, "green");
    EXPECT_TRUE(delta.changed[0]->ports[0].cluster.empty());
}

TEST_F(State, SliceMayComeBeforeItsService) {
    put(slice("web", "s", one("10.0.0.1")));
    EXPECT_EQ(told(), List{});
    EXPECT_EQ(state.service_count(), 0U);
    put(service("web", "10.96.0.1"));
    EXPECT_EQ(addresses(take().changed.at(0)->ports[0].cluster), List{"10.0.0.1"});
}

TEST_F(State, RemovalIsToldOnce) {
    put(service("web", "10.96.0.1"));
    put(slice("web", "s", one("10.0.0.1")));
    take();
    drop(Kind::service, "web");
    EXPECT_EQ(state.service_count(), 0U);
    EXPECT_EQ(told(), List{"-web"});
    drop(Kind::service, "web");
    drop(Kind::endpoint_slice, "s");
    EXPECT_EQ(told(), List{});
}

TEST_F(State, WhatWasNeverToldNeedsNoRemoval) {
    put(service("web", "10.96.0.1"));
    drop(Kind::service, "web");
    EXPECT_EQ(told(), List{});
    auto headless = service("db", "10.96.0.2");
    headless.headless = true;
    put(headless);
    EXPECT_EQ(told(), List{});
}

TEST_F(State, ServiceThatStopsBeingOursIsRemoved) {
    auto s = service("web", "10.96.0.1");
    put(s);
    take();
    s.other_proxy = true;
    put(s);
    EXPECT_EQ(told(), List{"-web"});
    EXPECT_EQ(state.service_count(), 1U);
    s.other_proxy = false;
    put(s);
    EXPECT_EQ(told(), List{"web"});
}

TEST_F(State, RemovingUnknownObjectsDoesNothing) {
    for (const auto kind : {Kind::service, Kind::endpoint_slice, Kind::node, Kind::service_cidr}) {
        drop(kind, "nobody");
    }
    EXPECT_FALSE(state.has_dirty());
}

TEST_F(State, ObjectsWithoutANameAreIgnored) {
    put(service("", "10.96.0.1"));
    put(slice("web", "", one("10.0.0.1")));
    EXPECT_FALSE(state.has_dirty());
    EXPECT_EQ(state.service_count(), 0U);
}

TEST_F(State, NothingIsLeftAfterAddingAndRemovingOften) {
    for (int i = 0; i < 1000; ++i) {
        put(service("web", "10.96.0.1"));
        put(slice("web", "s1", one("10.0.0.1")));
        put(slice("web", "s2", one("10.0.0.2")));
        EXPECT_EQ(told(), List{"web"});
        drop(Kind::endpoint_slice, "s1");
        drop(Kind::service, "web");
        drop(Kind::endpoint_slice, "s2");
        EXPECT_EQ(told(), List{"-web"});
        ASSERT_EQ(state.service_count(), 0U);
        ASSERT_FALSE(state.has_dirty());
    }
    state.mark_all_dirty();
    EXPECT_FALSE(state.has_dirty());
}

// --- the dirty set ---

TEST_F(State, TakesInOrderOfGettingDirty) {
    for (const auto* name : {"c", "a", "b"}) {
        put(service(name, name[0] == 'c'   ? "10.96.0.3"
                          : name[0] == 'a' ? "10.96.0.1"
                                           : "10.96.0.2"));
    }
    put(slice("c", "s", one("10.0.0.1")));
    EXPECT_EQ(state.dirty_count(), 3U);
    EXPECT_EQ(state.take(2).changed.at(1)->name.name, "a");
    EXPECT_EQ(state.dirty_count(), 1U);
    EXPECT_EQ(told(), List{"b"});
}

TEST_F(State, FailedServiceIsToldAgain) {
    put(service("web", "10.96.0.1"));
    take();
    state.mark_dirty({"default", "web"});
    EXPECT_EQ(told(), List{"web"});
    EXPECT_EQ(told(), List{});
}

TEST_F(State, FailedRemovalIsToldAgain) {
    put(service("web", "10.96.0.1"));
    take();
    drop(Kind::service, "web");
    EXPECT_EQ(told(), List{"-web"});
    state.mark_dirty({"default", "web"});
    EXPECT_EQ(told(), List{"-web"});
    EXPECT_FALSE(state.has_dirty());
    EXPECT_EQ(state.service_count(), 0U);
}

TEST_F(State, AllDirtyTellsAllAgain) {
    put(service("a", "10.96.0.1"));
    put(service("b", "10.96.0.2"));
    put(slice("orphan", "s", one("10.0.0.1")));
    take();
    drop(Kind::service, "a");
    state.mark_all_dirty();
    auto all = told();
    std::ranges::sort(all);
    EXPECT_EQ(all, (List{"-a", "b"}));
}

// --- the node ---

TEST_F(State, OnlyTheOwnNodeMatters) {
    put(service("web", "10.96.0.1"));
    take();
    auto other = here("a");
    other.name = "there";
    put(other);
    EXPECT_EQ(state.node(), nullptr);
    EXPECT_FALSE(state.has_dirty());
    put(here("a"));
    ASSERT_NE(state.node(), nullptr);
    EXPECT_EQ(state.node()->zone, "a");
    drop(Kind::node, "there");
    EXPECT_NE(state.node(), nullptr);
    drop(Kind::node, "here");
    EXPECT_EQ(state.node(), nullptr);
}

TEST_F(State, ZoneChangeAppliesTheHints) {
    put(service("web", "10.96.0.1"));
    put(slice("web", "s", {names.zoned("10.0.0.1", {"a"}), names.zoned("10.0.0.2", {"b"})}));
    EXPECT_EQ(take().changed.at(0)->ports[0].cluster.size(), 2U);
    put(here("a"));
    EXPECT_EQ(addresses(take().changed.at(0)->ports[0].cluster), List{"10.0.0.1"});
    put(here("a", ips({"203.0.113.1"})));
    EXPECT_FALSE(state.has_dirty());
    put(here("b"));
    EXPECT_EQ(addresses(take().changed.at(0)->ports[0].cluster), List{"10.0.0.2"});
    drop(Kind::node, "here");
    EXPECT_EQ(take().changed.at(0)->ports[0].cluster.size(), 2U);
}

TEST_F(State, NodeAddressConcernsServicesWithSourceRanges) {
    auto guarded = service("guarded", "10.96.0.1");
    guarded.load_balancer_ips = ips({"192.0.2.1"});
    guarded.source_ranges_set = true;
    guarded.source_ranges = nets({"203.0.113.0/24"});
    put(guarded);
    put(service("plain", "10.96.0.2"));
    put(here("a", ips({"198.51.100.1", "203.0.113.1"})));
    take();
    put(here("a", ips({"203.0.113.1", "198.51.100.1"})));
    EXPECT_EQ(state.dirty_count(), 1U);
    EXPECT_EQ(take().changed.at(0)->ports[0].source_ranges,
              nets({"192.0.2.1/32", "203.0.113.0/24"}));
    state.set_node_ips(ip("10.1.1.1"), std::nullopt);
    EXPECT_EQ(take().changed.at(0)->ports[0].source_ranges, nets({"203.0.113.0/24"}));
    state.set_node_ips(std::nullopt, std::nullopt);
    EXPECT_EQ(told(), List{"guarded"});
    state.set_node_ips(ip("203.0.113.1"), std::nullopt);
    EXPECT_FALSE(state.has_dirty());
}

TEST_F(State, LocalEndpointsAreThoseOfTheNodeName) {
    put(service("web", "10.96.0.1"));
    put(slice("web", "s", {names.local("10.0.0.1"), names.endpoint("10.0.0.2")}));
    const auto plan = take().changed.at(0);
    EXPECT_TRUE(plan->ports[0].cluster[0].is_local);
    EXPECT_FALSE(plan->ports[0].cluster[1].is_local);
}

TEST_F(State, ServiceCidrsAreMerged) {
    put(ServiceCidr{"kubernetes", nets({"10.96.0.0/16", "fd00:96::/108"})});
    put(ServiceCidr{"more", nets({"10.96.4.0/24", "10.128.0.0/16"})});
    EXPECT_EQ(state.service_cidrs(), nets({"10.96.0.0/16", "10.128.0.0/16", "fd00:96::/108"}));
    put(ServiceCidr{"kubernetes", nets({"10.97.0.0/16"})});
    drop(Kind::service_cidr, "nobody");
    EXPECT_EQ(state.service_cidrs(), nets({"10.96.4.0/24", "10.97.0.0/16", "10.128.0.0/16"}));
    drop(Kind::service_cidr, "more");
    EXPECT_EQ(state.service_cidrs(), nets({"10.97.0.0/16"}));
    EXPECT_FALSE(state.has_dirty());
}

}  // namespace
}  // namespace sy
