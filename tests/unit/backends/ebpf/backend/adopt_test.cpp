// Start, restart, failures and audit of the eBPF backend.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/unit/backends/ebpf/backend/fixture.h"

namespace sy::ebpf {
namespace {

using test::cluster_ip_plan;
using test::delta;
using test::endpoint;
using test::external;
using test::ip;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const PlannedEndpoint kA = endpoint("10.244.1.11:8080", true);
const PlannedEndpoint kB = endpoint("10.244.2.21:8080");
const PlannedEndpoint kC = endpoint("10.244.2.22:8080");
const PlannedEndpoint kV6 = endpoint("[fd00:10:244::5]:8080");
const ServiceName kWeb{"default", "web"};
constexpr auto kVip = "10.96.0.1:80";

ServicePlan web(std::vector<PlannedEndpoint> endpoints) {
    return cluster_ip_plan("web", "10.96.0.1", 80, std::move(endpoints));
}

/// Everything there is: both families, policies Local, affinity, NodePort.
PlanDelta everything() {
    auto rich = cluster_ip_plan("rich", "10.96.0.3", 443, {kA, kB, kC});
    auto& port = rich.ports[0];
    port.name = "https";
    port.affinity_timeout = 600;
    port.local = {kA};
    port.frontends[0].inside = {ListId::local, OnEmpty::drop};
    port.frontends[0].outside = port.frontends[0].inside;
    port.frontends.push_back(external(FrontendKind::node_port, ip("0.0.0.0"), 30443, true));
    port.frontends.push_back(external(FrontendKind::external_ip, ip("203.0.113.1"), 443, false));
    return delta({web({kA, kB}), rich, cluster_ip_plan("six", "fd00:10:96::1", 80, {kV6}),
                  cluster_ip_plan("empty", "10.96.0.4", 80, {})});
}

class EbpfAdoptTest : public EbpfBackendTest {
  protected:
    void expect_everything() {
        EXPECT_THAT(reached(kVip), ElementsAre(kA.address, kB.address));
        EXPECT_THAT(reached("10.96.0.3:443"), ElementsAre(kA.address));
        EXPECT_THAT(reached("203.0.113.1:443"), SizeIs(3));
        EXPECT_THAT(reached("127.0.0.1:30443"), SizeIs(3));
        EXPECT_THAT(reached("[fd00:10:96::1]:80"), ElementsAre(kV6.address));
        EXPECT_EQ(outcome("10.96.0.4:80"), Answer::Kind::refused);
    }
};

TEST_F(EbpfAdoptTest, ASecondStartWritesNothing) {
    must_apply(everything());
    const auto found = restart().found;
    EXPECT_GT(found, 15U);
    const auto before = bpf_.calls;
    EXPECT_EQ(must_apply(everything()).writes, 0U);
    EXPECT_EQ(bpf_.calls.put, before.put);
    EXPECT_EQ(bpf_.calls.create, before.create);
    EXPECT_EQ(bpf_.calls.activate, before.activate);
    expect_everything();
}

TEST_F(EbpfAdoptTest, ARestartWritesTheDifference) {
    must_apply(delta({web({kA, kB})}));
    restart();
    EXPECT_EQ(must_apply(delta({web({kA, kC})})).writes, 2U);
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address, kC.address));
}

TEST_F(EbpfAdoptTest, ARestartRemovesWhatIsGoneOnlyAfterTheWholePass) {
    must_apply(everything());
    restart();
    must_apply(delta({web({kA})}), false);
    EXPECT_THAT(reached("203.0.113.1:443"), SizeIs(3));
    must_apply({});
    EXPECT_EQ(outcome("203.0.113.1:443"), Answer::Kind::miss);
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address));
    EXPECT_EQ(backend_->fill()[3].elements, 1U);
    restart();
    EXPECT_EQ(must_apply(delta({web({kA})})).writes, 0U);
}

TEST_F(EbpfAdoptTest, AServiceThatChangedItsNameMeanwhileTakesItsFrontendOver) {
    must_apply(delta({web({kA})}));
    restart();
    bool always_there = true;
    bpf_.on_change = [&] { always_there &= !reached(kVip).empty(); };
    auto renamed = web({kB});
    renamed.name.name = "new";
    must_apply(delta({renamed}));
    EXPECT_TRUE(always_there);
    EXPECT_THAT(reached(kVip), ElementsAre(kB.address));
}

TEST_F(EbpfAdoptTest, WhatIsRefusedInTheFirstPassStaysAsItWas) {
    must_apply(delta({web({kA})}));
    restart();
    packets_.poison = {kWeb};
    apply(delta({web({kB})}));
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address));
}

TEST_F(EbpfAdoptTest, NonsenseInTheMapsIsReplaced) {
    must_apply(everything());
    auto& maps = *bpf_.active;
    maps.slots->at(0) = sy_slot_word(77, 99);
    maps.names->at(2).protocol = 1;
    (*maps.services)[3] = sy_service_word(0, 4, 0);
    sy_frontend4 stray{};
    stray.address = 1;
    maps.frontends4->words[stray] = sy_frontend_word(3, 0);
    restart();
    must_apply(everything());
    expect_everything();
    EXPECT_FALSE(bpf_.active->frontends4->find(stray));
    EXPECT_EQ(backend_->audit().value().drifted, 0U);
}

TEST_F(EbpfAdoptTest, AnotherLayoutStaysUntilAllIsReady) {
    bpf_.other_layout = true;
    EXPECT_TRUE(restart().rebuilt);
    must_apply(delta({web({kA})}), false);
    EXPECT_TRUE(bpf_.other_layout);
    EXPECT_FALSE(bpf_.active);
    must_apply({});
    EXPECT_FALSE(bpf_.other_layout);
    EXPECT_THAT(reached(kVip), ElementsAre(kA.address));
}

TEST_F(EbpfAdoptTest, LowerLimitsLeaveWhatIsThere) {
    must_apply(everything());
    settings_.max_services = 3;
    settings_.max_endpoints = 2;
    restart();
    EXPECT_EQ(must_apply(everything()).writes, 0U);
    expect_everything();
}

TEST_F(EbpfAdoptTest, TheMemoryOfClientsIsAsLargeAsTold) {
    must_apply(everything());
    settings_.affinity_clients = 100;
    restart();
    must_apply(everything());
    EXPECT_EQ(bpf_.active->sizes.clients, 100U);
    expect_everything();
}

TEST_F(EbpfAdoptTest, AuditMendsWhatOthersChanged) {
    must_apply(everything());
    EXPECT_EQ(backend_->audit().value().drifted, 0U);
    auto& maps = *bpf_.active;
    maps.slots->at(0) = 0;
    maps.names->at(1) = {};
    maps.settings->flags ^= SY_SETTING_HOST_ONLY;
    maps.node_addresses->insert(ip("192.168.50.77"));
    sy_frontend4 foreign{};
    foreign.address = 5;
    maps.frontends4->words[foreign] = 5;
    maps.frontends6->words.clear();
    const auto report = backend_->audit().value();
    EXPECT_EQ(report.drifted, 6U);
    EXPECT_FALSE(report.rebuilt);
    expect_everything();
    EXPECT_EQ(backend_->audit().value().drifted, 0U);
}

TEST_F(EbpfAdoptTest, AuditAttachesAgain) {
    must_apply(everything());
    bpf_.active.reset();
    EXPECT_EQ(backend_->audit().value().drifted, 1U);
    expect_everything();
}

TEST_F(EbpfAdoptTest, AuditPinsAgainWhatSomebodyRemoved) {
    must_apply(everything());
    bpf_.active.reset();
    bpf_.pinned.clear();
    EXPECT_EQ(backend_->audit().value().drifted, 1U);
    EXPECT_THAT(bpf_.pinned, SizeIs(1));
    expect_everything();
    EXPECT_EQ(backend_->audit().value().drifted, 0U);
}

TEST_F(EbpfAdoptTest, AFailureIsMendedByTheNextApply) {
    must_apply(everything());
    for (const std::string call : {"put", "erase"}) {
        auto renumbered = web({kA, kC});
        renumbered.ports[0].frontends[0].port = Port(call == "put" ? 81 : 82);
        bpf_.fail = [&](std::string_view asked) {
            return asked == call ? std::optional(Error{"refused", {}, ENOMEM}) : std::nullopt;
        };
        EXPECT_TRUE(apply(delta({renumbered})).failure);
        EXPECT_TRUE(apply(delta({renumbered})).failure);
        bpf_.fail = nullptr;
        must_apply(delta({renumbered}));
        EXPECT_EQ(outcome(kVip), Answer::Kind::miss);
        EXPECT_EQ(outcome("10.96.0.1:82"),
                  call == "put" ? Answer::Kind::miss : Answer::Kind::translated);
        EXPECT_EQ(backend_->audit().value().drifted, 0U);
    }
}

TEST_F(EbpfAdoptTest, AFailureToGrowOrAttachChangesNothing) {
    bpf_.fail = [](std::string_view call) {
        return call == "activate" ? std::optional(Error{"refused", {}, EPERM}) : std::nullopt;
    };
    EXPECT_TRUE(apply(everything()).failure);
    bpf_.fail = nullptr;
    must_apply(everything());
    expect_everything();

    std::vector<PlannedEndpoint> crowd;
    for (int i = 0; i < 5000; ++i) {
        crowd.push_back(endpoint("10.200." + std::to_string(i / 250) + "." +
                                 std::to_string(i % 250 + 1) + ":80"));
    }
    for (const std::string call : {"create", "activate"}) {
        bpf_.fail = [&](std::string_view asked) {
            return asked == call ? std::optional(Error{"refused", {}, ENOMEM}) : std::nullopt;
        };
        EXPECT_TRUE(apply(delta({web(crowd)})).failure);
        expect_everything();
    }
    bpf_.fail = nullptr;
    must_apply(delta({web(crowd)}));
    EXPECT_THAT(reached(kVip), SizeIs(5000));
}

TEST_F(EbpfAdoptTest, OrphansAreThePacketPathsToTell) {
    EXPECT_THAT(backend_->orphaned_udp_frontends(), SizeIs(1));
}

}  // namespace
}  // namespace sy::ebpf
