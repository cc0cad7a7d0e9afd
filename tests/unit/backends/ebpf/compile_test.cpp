#include "backends/ebpf/compile.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/support/plans.h"

namespace sy::ebpf {
namespace {

using test::cluster_ip_plan;
using test::endpoint;
using test::external;
using test::ip;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const PlannedEndpoint kA = endpoint("10.244.1.11:8080", true);
const PlannedEndpoint kB = endpoint("10.244.2.21:8080");
const PlannedEndpoint kC = endpoint("10.244.2.22:8080");
const PlannedEndpoint kD = endpoint("10.244.2.23:8080");
const IpAddr kVip = ip("10.96.0.1");
const Route kDropLocal{ListId::local, OnEmpty::drop};

std::vector<Entry> of(const Fragment& fragment, Kind kind) {
    std::vector<Entry> result;
    std::ranges::copy_if(fragment.own, std::back_inserter(result),
                         [&](const Entry& entry) { return entry.kind() == kind; });
    return result;
}

/// One Service through its life: compiled, in the maps, compiled again.
class CompileTest : public testing::Test {
  protected:
    static ServicePlan plan(std::vector<PlannedEndpoint> endpoints) {
        return cluster_ip_plan("web", "10.96.0.1", 80, std::move(endpoints));
    }

    const Fragment& have() const { return book_.have({"default", "web"}); }
    Result<Fragment> compiled(const ServicePlan& plan) { return compile(plan, have(), pools_); }

    /// Brings `plan` into the maps; returns the entries that were stored or put.
    std::vector<Entry> applied(const ServicePlan& plan) {
        auto fragment = compiled(plan);
        EXPECT_TRUE(fragment) << fragment.error().message();
        std::vector<Book::Change> changes{{plan.name, fragment.value_or(Fragment{})}};
        const auto stage = book_.stage(changes);
        pools_.settle(stage);
        std::vector<Entry> added;
        for (const auto& op : stage.add) {
            added.push_back(op.object);
        }
        book_.commit(stage, std::move(changes));
        std::ranges::sort(added);
        return added;
    }
    /// Id the first frontend of `kind` with `scope` leads to.
    uint32_t id_of(const IpAddr& address) const {
        for (const auto& entry : of(have(), Kind::frontend4)) {
            if (describe(entry.key4()).address.ip == address) {
                return entry.id();
            }
        }
        return 0;
    }
    uint64_t word(uint32_t id) const {
        for (const auto& entry : of(have(), Kind::service)) {
            if (entry.index() == id) {
                return entry.word();
            }
        }
        ADD_FAILURE() << "no service " << id;
        return 0;
    }
    std::vector<EndpointAddr> list(uint32_t id) const {
        std::map<uint32_t, EndpointAddr> slots;
        for (const auto& entry : of(have(), Kind::slot)) {
            if (sy_slot_owner(entry.word()) == id) {
                slots[entry.index()] =
                    pools_.endpoint(Family::ipv4, sy_slot_endpoint(entry.word()));
            }
        }
        std::vector<EndpointAddr> result;
        for (const auto& [position, address] : slots) {
            EXPECT_EQ(position, sy_service_base(word(id)) + result.size());
            result.push_back(address);
        }
        EXPECT_EQ(result.size(), sy_service_count(word(id)));
        return result;
    }

    Pools pools_{EbpfSettings{}};
    Book book_;
};

TEST_F(CompileTest, AServiceIsFrontendIdSlotsAndName) {
    applied(plan({kA, kB}));
    EXPECT_EQ(id_of(kVip), 1U);
    EXPECT_EQ(word(1), sy_service_word(0, 2, 0));
    EXPECT_THAT(list(1), ElementsAre(kA.address, kB.address));
    EXPECT_THAT(of(have(), Kind::name), ElementsAre(Entry::name(1, {})));
    EXPECT_THAT(have().own, SizeIs(5));
    EXPECT_THAT(have().shared,
                ElementsAre(Entry::endpoint(1, kA.address), Entry::endpoint(2, kB.address)));
}

TEST_F(CompileTest, NothingChangesNothing) {
    applied(plan({kA, kB, kC}));
    EXPECT_THAT(applied(plan({kA, kB, kC})), IsEmpty());
}

TEST_F(CompileTest, AReplacedEndpointIsARecordAndASlot) {
    applied(plan({kA, kB, kC}));
    EXPECT_THAT(applied(plan({kA, kC, kD})),
                ElementsAre(Entry::endpoint(4, kD.address), Entry::slot(1, sy_slot_word(4, 1))));
    EXPECT_THAT(list(1), ElementsAre(kA.address, kD.address, kC.address));
}

TEST_F(CompileTest, AnAddedOneGoesBehindTheRunIfThereIsRoom) {
    applied(plan({kA, kB, kC}));
    EXPECT_THAT(applied(plan({kA, kB, kC, kD})),
                ElementsAre(Entry::endpoint(4, kD.address), Entry::slot(3, sy_slot_word(4, 1)),
                            Entry::service(1, sy_service_word(0, 4, 0))));
}

TEST_F(CompileTest, WithoutRoomThereIsAFreshRun) {
    applied(plan({kA, kB}));
    applied(plan({kA, kB, kC}));
    EXPECT_EQ(word(1), sy_service_word(4, 3, 0));
    EXPECT_THAT(list(1), ElementsAre(kA.address, kB.address, kC.address));
    // The former run waits.
    EXPECT_EQ(pools_.runs().limbo(), 1U);
}

TEST_F(CompileTest, TheLastSlotMovesIntoTheHole) {
    applied(plan({kA, kB, kC, kD}));
    EXPECT_THAT(applied(plan({kA, kC, kD})),
                ElementsAre(Entry::slot(1, sy_slot_word(4, 1)),
                            Entry::service(1, sy_service_word(0, 3, 0))));
    EXPECT_TRUE(pools_.endpoints(Family::ipv4).indexes().in_limbo(2));
}

TEST_F(CompileTest, MoreThanOneSlotIsPublishedAtOnce) {
    applied(plan({kA, kB}));
    applied(plan({kC, kD}));
    EXPECT_EQ(word(1), sy_service_word(2, 2, 0));
    // In between, nobody sees a mixture.
    EXPECT_EQ(pools_.runs().limbo(), 1U);
}

TEST_F(CompileTest, AnEmptyListRefusesOrIsLeftToThePacketPath) {
    applied(plan({}));
    EXPECT_EQ(word(1), sy_service_word(0, 0, SY_SERVICE_REJECT));
    auto drops = plan({});
    drops.ports[0].frontends[0].inside = kDropLocal;
    drops.ports[0].frontends[0].outside = kDropLocal;
    applied(drops);
    EXPECT_EQ(word(id_of(kVip)), sy_service_word(0, 0, 0));
}

TEST_F(CompileTest, EmptiedAndFilledAgainKeepsItsId) {
    applied(plan({kA}));
    EXPECT_THAT(applied(plan({})), ElementsAre(Entry::service(1, sy_service_word(0, 0, 1))));
    applied(plan({kA}));
    EXPECT_EQ(id_of(kVip), 1U);
    EXPECT_EQ(word(1), sy_service_word(1, 1, 0));
}

TEST_F(CompileTest, AllFrontendsOfOneListShareAnId) {
    auto both = plan({kA, kB});
    auto& frontends = both.ports[0].frontends;
    frontends.push_back(external(FrontendKind::load_balancer_ip, ip("198.51.100.1"), 80, false));
    frontends.push_back(external(FrontendKind::node_port, ip("0.0.0.0"), 30080, false));
    applied(both);
    EXPECT_EQ(id_of(ip("198.51.100.1")), 1U);
    EXPECT_EQ(id_of(ip("0.0.0.0")), 1U);
    EXPECT_THAT(of(have(), Kind::service), SizeIs(1));
}

TEST_F(CompileTest, ExternalPolicyLocalIsTheClusterListForThoseInside) {
    auto local = plan({kA, kB});
    local.ports[0].local = {kA};
    local.ports[0].frontends.push_back(
        external(FrontendKind::node_port, ip("0.0.0.0"), 30080, true));
    applied(local);
    const auto external_id = id_of(ip("0.0.0.0"));
    EXPECT_NE(external_id, id_of(kVip));
    EXPECT_EQ(sy_service_flags(word(id_of(kVip))), 0);
    EXPECT_EQ(sy_service_flags(word(external_id)), SY_SERVICE_INSIDE_ONLY);
    EXPECT_THAT(list(external_id), ElementsAre(kA.address, kB.address));
}

TEST_F(CompileTest, InternalPolicyLocalHasAListOfItsOwn) {
    auto local = plan({kA, kB});
    local.ports[0].local = {kA};
    local.ports[0].frontends[0].inside = kDropLocal;
    local.ports[0].frontends[0].outside = kDropLocal;
    local.ports[0].frontends.push_back(
        external(FrontendKind::external_ip, ip("203.0.113.1"), 80, false));
    applied(local);
    EXPECT_THAT(list(id_of(kVip)), ElementsAre(kA.address));
    EXPECT_THAT(list(id_of(ip("203.0.113.1"))), ElementsAre(kA.address, kB.address));
}

TEST_F(CompileTest, WhatNeedsALookAtThePacketIsNotThere) {
    auto ranges = plan({kA});
    ranges.ports[0].frontends.push_back(
        external(FrontendKind::load_balancer_ip, ip("198.51.100.1"), 80, false));
    ranges.ports[0].frontends.back().check_ranges = true;
    applied(ranges);
    EXPECT_EQ(id_of(kVip), 1U);
    EXPECT_EQ(id_of(ip("198.51.100.1")), 0U);

    auto sctp = plan({kA});
    sctp.ports[0].protocol = Protocol::sctp;
    applied(sctp);
    EXPECT_THAT(have().own, IsEmpty());
    EXPECT_THAT(have().shared, IsEmpty());
}

TEST_F(CompileTest, IdsOfAPortRememberClientsTogether) {
    auto local = plan({kA, kB});
    local.ports[0].affinity_timeout = 10800;
    local.ports[0].frontends.push_back(
        external(FrontendKind::node_port, ip("0.0.0.0"), 30080, true));
    applied(local);
    EXPECT_THAT(of(have(), Kind::affinity),
                ElementsAre(Entry::affinity(1, sy_affinity_word(10800, 1)),
                            Entry::affinity(2, sy_affinity_word(10800, 1))));
    EXPECT_EQ(sy_service_flags(word(1)), SY_SERVICE_AFFINITY);
    EXPECT_EQ(sy_service_flags(word(2)), SY_SERVICE_AFFINITY | SY_SERVICE_INSIDE_ONLY);
}

TEST_F(CompileTest, TheMemoryOfClientsSurvivesASmallerId) {
    auto sticky = plan({kA});
    sticky.ports[0].affinity_timeout = 10;
    const auto spare = *pools_.take_id();
    applied(sticky);  // the spare one is free again
    EXPECT_LT(spare, id_of(kVip));
    sticky.ports[0].frontends.push_back(
        external(FrontendKind::node_port, ip("0.0.0.0"), 30080, true));
    applied(sticky);
    EXPECT_EQ(id_of(ip("0.0.0.0")), spare);
    EXPECT_THAT(of(have(), Kind::affinity),
                ElementsAre(Entry::affinity(1, sy_affinity_word(10, 2)),
                            Entry::affinity(2, sy_affinity_word(10, 2))));
}

TEST_F(CompileTest, PortsKeepTheirIdsWhateverTheirOrder) {
    auto two = plan({kA, kB});
    two.ports[0].name = "web";
    auto metrics = two.ports[0];
    metrics.name = "metrics";
    metrics.frontends[0].port = Port(9090);
    two.ports.insert(two.ports.begin(), metrics);
    applied(two);
    std::swap(two.ports[0], two.ports[1]);
    EXPECT_THAT(applied(two), IsEmpty());
    two.ports.pop_back();
    EXPECT_THAT(applied(two), IsEmpty());
    EXPECT_THAT(of(have(), Kind::name), SizeIs(1));
}

TEST_F(CompileTest, TooManyEndpointsAreRefused) {
    std::vector<PlannedEndpoint> many;
    for (uint32_t i = 0; i <= kMostEndpoints; ++i) {
        many.push_back({{IpAddr::v4(10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                                    static_cast<uint8_t>(i)),
                         Port(80)},
                        false});
    }
    const auto refused = compiled(plan(many));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("65535"));
    EXPECT_EQ(refused.error().on, "Service default/web");
    many.pop_back();
    EXPECT_TRUE(compiled(plan(many)));
}

TEST_F(CompileTest, AFullMapIsNamedWithItsFlag) {
    EbpfSettings limits;
    limits.max_services = 2;
    Pools pools(limits);
    EXPECT_TRUE(compile(plan({kA}), {}, pools));
    const auto refused = compile(plan({kA}), {}, pools);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, kPoolFull);
    EXPECT_THAT(refused.error().what, HasSubstr("services is full: 1 elements in use"));
    EXPECT_THAT(refused.error().what, HasSubstr("--ebpf-max-services"));
}

TEST_F(CompileTest, DemandIsNeverTooSmall) {
    auto all = plan({kA, kB, kC});
    all.ports[0].local = {kA};
    all.ports[0].frontends[0].inside = kDropLocal;
    all.ports[0].frontends[0].outside = kDropLocal;
    all.ports[0].frontends.push_back(external(FrontendKind::node_port, ip("0.0.0.0"), 30080, true));
    all.ports[0].frontends.push_back(
        external(FrontendKind::external_ip, ip("203.0.113.1"), 80, false));
    Pools::Demand demand;
    add_demand(all, demand);
    applied(all);
    EXPECT_GE(demand.ids, pools_.ids().in_use());
    EXPECT_GE(demand.slots, pools_.runs().in_use());
    EXPECT_GE(demand.endpoints[0], pools_.endpoints(Family::ipv4).indexes().in_use());
    EXPECT_EQ(demand.longest, 4U);
}

}  // namespace
}  // namespace sy::ebpf
