#include "backends/ipvs/backend/backend.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>

#include "backends/ipvs/elements.h"
#include "backends/ipvs/word.h"
#include "tests/support/fake_ipvs_kernel.h"
#include "tests/support/fake_nft_kernel.h"
#include "tests/support/plans.h"

namespace sy::ipvs {
namespace {

using namespace std::chrono_literals;
using nft::SetId;
using test::cluster_ip_plan;
using test::delta;
using test::endpoint;
using test::external;
using test::ip;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct QuietLog : Log {
    void write(LogLevel, std::string_view) override {}
};

const PlannedEndpoint kA = endpoint("10.244.1.11:8080", true);
const PlannedEndpoint kB = endpoint("10.244.2.21:8080");
const PlannedEndpoint kC = endpoint("10.244.2.22:8080");

ServicePlan numbered(int i, std::vector<PlannedEndpoint> endpoints) {
    return cluster_ip_plan("svc-" + std::to_string(i),
                           "10.96." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1),
                           80, std::move(endpoints));
}

ServicePlan with_lb(int i, std::string_view address) {
    auto plan = numbered(i, {kA, kB});
    plan.ports[0].frontends.push_back(
        external(FrontendKind::load_balancer_ip, ip(address), 80, false));
    return plan;
}

PlanDelta many(int count) {
    PlanDelta result;
    for (int i = 0; i < count; ++i) {
        result.changed.push_back(std::make_shared<const ServicePlan>(numbered(i, {kA, kB})));
    }
    result.known_services = static_cast<std::size_t>(count);
    return result;
}

class IpvsBackendTest : public testing::Test {
  protected:
    IpvsBackendTest() {
        servers_.interface_addresses = {ip("10.244.1.1"), ip("192.168.50.1")};
        restart();
    }

    void restart(std::string scheduler = "rr") {
        IpvsSettings settings;
        settings.scheduler = std::move(scheduler);
        backend_ = std::make_unique<IpvsBackend>(
            std::make_unique<FakeKernel>(servers_), std::make_unique<nft::FakeKernel>(tables_),
            std::move(settings), log_, [this] { return now_; });
        adopted_ = backend_->adopt().value();
        tables_.committed.clear();
        servers_.log.clear();
    }
    ApplyReport apply(const PlanDelta& plans, bool complete = true) {
        servers_.log.clear();
        return backend_->apply(plans, facts_, complete);
    }
    const std::set<nft::Element>& table() { return tables_.tables.at(Family::ipv4).elements; }
    const FakeState::Server& server(uint32_t mark) {
        return servers_.servers.at({Family::ipv4, mark});
    }
    FakeState::Destination& destination(uint32_t mark, const PlannedEndpoint& endpoint) {
        return servers_.servers.at({Family::ipv4, mark}).destinations.at(endpoint.address);
    }
    bool has_server(uint32_t mark) { return servers_.servers.contains({Family::ipv4, mark}); }

    nft::FakeTables tables_;
    FakeState servers_;
    QuietLog log_;
    TimePoint now_{1h};
    NodeFacts facts_{{ip("192.168.50.1")},
                     {*Cidr::parse("10.96.0.0/16")},
                     CidrDetector{{*Cidr::parse("10.244.0.0/16")}},
                     false};
    std::unique_ptr<IpvsBackend> backend_;
    KernelReport adopted_;
};

constexpr uint32_t kMark = mark_of(1);

TEST_F(IpvsBackendTest, ServersComeBeforeWords) {
    const auto report = apply(delta({numbered(1, {kA, kB})}));
    EXPECT_FALSE(report.failure);
    EXPECT_TRUE(servers_.prepared);
    EXPECT_THAT(servers_.log,
                ElementsAre("route 10.96.0.0/16", "add_server 5a00001",
                            "add 5a00001 10.244.1.11:8080 1", "add 5a00001 10.244.2.21:8080 1"));
    EXPECT_EQ(server(kMark).scheduler, "rr");
    EXPECT_THAT(tables_.committed, SizeIs(1));
    EXPECT_THAT(table(),
                Contains(frontend_element(ip("10.96.0.2"), Protocol::tcp, Port(80), kMark)));
}

TEST_F(IpvsBackendTest, NoChangeWritesNothing) {
    apply(many(10));
    const auto report = apply(many(10));
    EXPECT_EQ(report.writes, 0U);
    EXPECT_THAT(servers_.log, IsEmpty());
    EXPECT_THAT(tables_.committed, SizeIs(1));
}

TEST_F(IpvsBackendTest, ARestartWritesNothing) {
    auto plans = many(100);
    auto sticky = with_lb(200, "198.51.100.1");
    sticky.ports[0].affinity_timeout = 10800;
    plans.changed.push_back(std::make_shared<const ServicePlan>(sticky));
    apply(plans);
    const auto before = table();
    restart();
    EXPECT_EQ(apply(plans).writes, 0U);
    EXPECT_THAT(servers_.log, IsEmpty());
    EXPECT_THAT(tables_.committed, IsEmpty());
    EXPECT_EQ(table(), before);
    EXPECT_FALSE(backend_->tend_in());
}

TEST_F(IpvsBackendTest, ARestartRemovesWhatIsGoneOnlyAfterTheWholePass) {
    apply(delta({numbered(1, {kA}), with_lb(2, "198.51.100.1")}));
    EXPECT_THAT(servers_.routes, SizeIs(2));
    restart();
    apply(delta({numbered(1, {kA})}), false);
    EXPECT_TRUE(has_server(mark_of(2)));
    EXPECT_THAT(servers_.routes, SizeIs(2));
    apply({}, true);
    EXPECT_EQ(destination(mark_of(2), kA).weight, 0U);
    ASSERT_TRUE(backend_->tend_in());
    EXPECT_TRUE(backend_->tend());
    EXPECT_THAT(servers_.routes, SizeIs(1));
    EXPECT_THAT(table(), Not(Contains(nft::address_element(SetId::vips, ip("198.51.100.1")))));
    EXPECT_FALSE(has_server(mark_of(2)));
    EXPECT_FALSE(backend_->tend_in());
}

TEST_F(IpvsBackendTest, AnEndpointThatGoesDrains) {
    apply(delta({numbered(1, {kA, kB})}));
    destination(kMark, kB).connections = 1;
    apply(delta({numbered(1, {kA})}));
    EXPECT_THAT(servers_.log, ElementsAre("set 5a00001 10.244.2.21:8080 0"));
    EXPECT_EQ(backend_->tend_in(), 0ms);
    EXPECT_TRUE(backend_->tend());
    EXPECT_EQ(backend_->tend_in(), kDrainPeriod);
    EXPECT_THAT(server(kMark).destinations, SizeIs(2));
    destination(kMark, kB).connections = 0;
    EXPECT_TRUE(backend_->tend());
    EXPECT_THAT(server(kMark).destinations, SizeIs(1));
    EXPECT_FALSE(backend_->tend_in());
}

TEST_F(IpvsBackendTest, AnEndpointThatComesBackIsUsedAgain) {
    apply(delta({numbered(1, {kA, kB})}));
    apply(delta({numbered(1, {kA})}));
    apply(delta({numbered(1, {kA, kB})}));
    EXPECT_EQ(destination(kMark, kB).weight, 1U);
    EXPECT_FALSE(backend_->tend_in());
}

TEST_F(IpvsBackendTest, AVipStaysWhileConnectionsToItDrain) {
    const auto vip = nft::address_element(SetId::vips, ip("198.51.100.1"));
    apply(delta({with_lb(1, "198.51.100.1")}));
    destination(kMark, kB).connections = 1;
    apply(delta({}, {{"default", "svc-1"}}));
    EXPECT_THAT(servers_.routes, SizeIs(2));
    EXPECT_THAT(table(), Contains(vip));
    EXPECT_EQ(backend_->audit()->drifted, 0U);
    // Another Service takes it over, and gives it back.
    apply(delta({with_lb(2, "198.51.100.1")}));
    EXPECT_THAT(table(), Contains(vip));
    apply(delta({}, {{"default", "svc-2"}}));
    EXPECT_TRUE(backend_->tend());
    EXPECT_THAT(table(), Contains(vip));
    destination(kMark, kB).connections = 0;
    EXPECT_TRUE(backend_->tend());
    EXPECT_THAT(table(), Not(Contains(vip)));
    EXPECT_THAT(servers_.routes, SizeIs(1));
    EXPECT_FALSE(backend_->tend_in());
    EXPECT_EQ(backend_->audit()->drifted, 0U);
}

TEST_F(IpvsBackendTest, AHairpinIsThereAsLongAsItsDestination) {
    const auto hairpin = nft::hairpin_element(kA.address.ip);
    apply(delta({numbered(1, {kB})}));
    servers_.poison = [&](const EndpointAddr& address) {
        EXPECT_TRUE(address != kA.address || table().contains(hairpin));
        return false;
    };
    EXPECT_EQ(apply(delta({numbered(1, {kA, kB})})).transactions, 1U);
    EXPECT_THAT(tables_.committed, SizeIs(3));
    EXPECT_EQ(apply(delta({numbered(1, {kB})})).transactions, 1U);
    EXPECT_THAT(table(), Not(Contains(hairpin)));
    // Refused later, it is taken back.
    servers_.poison = [](const EndpointAddr& address) { return address == kC.address; };
    EXPECT_THAT(apply(delta({numbered(1, {kA, kB, kC})})).quarantined, SizeIs(1));
    EXPECT_THAT(table(), Not(Contains(hairpin)));
    EXPECT_EQ(backend_->audit()->drifted, 0U);
}

TEST_F(IpvsBackendTest, DatagramsMoveAtOnce) {
    auto plan = numbered(1, {kA, kB});
    plan.ports[0].protocol = Protocol::udp;
    apply(delta({plan}));
    plan.ports[0].cluster = {kA};
    apply(delta({plan}));
    EXPECT_THAT(servers_.log, ElementsAre("remove 5a00001 10.244.2.21:8080"));
}

TEST_F(IpvsBackendTest, WithTheLastEndpointTheServerGoesAfterItsConnections) {
    apply(delta({numbered(1, {kA})}));
    destination(kMark, kA).connections = 1;
    apply(delta({numbered(1, {})}));
    EXPECT_THAT(table(), Contains(frontend_element(ip("10.96.0.2"), Protocol::tcp, Port(80),
                                                   kReject | kMark)));
    EXPECT_THAT(servers_.log, ElementsAre("packets passed", "set 5a00001 10.244.1.11:8080 0"));
    EXPECT_TRUE(backend_->tend());
    EXPECT_TRUE(has_server(kMark));
    now_ += kDrainBound;
    EXPECT_TRUE(backend_->tend());
    EXPECT_FALSE(has_server(kMark));
    apply(delta({numbered(1, {kB})}));
    EXPECT_EQ(destination(kMark, kB).weight, 1U);
}

TEST_F(IpvsBackendTest, AnIdIsFreeWhenItsServerIsGone) {
    apply(delta({numbered(1, {kA})}));
    destination(kMark, kA).connections = 1;
    apply(delta({}, {{"default", "svc-1"}}));
    EXPECT_TRUE(backend_->tend());
    EXPECT_TRUE(has_server(kMark));
    restart();
    apply(delta({numbered(2, {kB})}));
    EXPECT_FALSE(server(kMark).destinations.contains(kB.address));
    EXPECT_TRUE(has_server(mark_of(2)));
}

TEST_F(IpvsBackendTest, WhatDrainsIsNothingToWriteAfterARestart) {
    apply(delta({numbered(1, {kA}), numbered(2, {kB})}));
    destination(mark_of(2), kB).connections = 1;
    apply(delta({}, {{"default", "svc-2"}}));
    restart();
    const auto report = apply(delta({numbered(1, {kA})}));
    EXPECT_EQ(report.writes, 0U);
    EXPECT_EQ(report.transactions, 0U);
    EXPECT_TRUE(has_server(mark_of(2)));
    EXPECT_TRUE(backend_->tend_in());
}

TEST_F(IpvsBackendTest, OneBadServiceCostsOneService) {
    servers_.poison = [](const EndpointAddr& address) { return address == kC.address; };
    auto plans = many(20);
    plans.changed.push_back(std::make_shared<const ServicePlan>(numbered(30, {kC})));
    const auto report = apply(plans);
    EXPECT_FALSE(report.failure);
    ASSERT_THAT(report.quarantined, SizeIs(1));
    EXPECT_EQ(report.quarantined[0].service.name, "svc-30");
    EXPECT_THAT(servers_.servers, SizeIs(20));
}

TEST_F(IpvsBackendTest, WhatTheTableRefusesLeavesNoServer) {
    tables_.poison = [](const nft::Element& element) {
        return element.set() == SetId::mark_frontends &&
               nft::frontend_key(element).address == ip("10.96.0.4");
    };
    const auto report = apply(many(20));
    ASSERT_THAT(report.quarantined, SizeIs(1));
    EXPECT_THAT(servers_.servers, SizeIs(19));
}

TEST_F(IpvsBackendTest, AFailureOfTheKernelFailsTheApply) {
    servers_.fail_next = CommitError{CommitError::Reason::other, {"commit", "ipvs", EPERM}, {}};
    EXPECT_TRUE(apply(many(2)).failure);
    EXPECT_FALSE(apply(many(2)).failure);
    EXPECT_THAT(servers_.servers, SizeIs(2));
}

TEST_F(IpvsBackendTest, AnAuditMendsEverything) {
    apply(delta({with_lb(1, "198.51.100.1"), numbered(2, {kA, kB})}));
    const auto before = table();
    const auto routes = servers_.routes;
    servers_.servers.erase({Family::ipv4, kMark});
    destination(mark_of(2), kA).weight = 7;
    servers_.servers[{Family::ipv4, mark_of(77)}].scheduler = "rr";
    servers_.routes.clear();
    tables_.tables.at(Family::ipv4).elements.erase(*before.begin());
    const auto report = backend_->audit();
    ASSERT_TRUE(report);
    EXPECT_GE(report->drifted, 5U);
    EXPECT_EQ(table(), before);
    EXPECT_EQ(servers_.routes, routes);
    EXPECT_THAT(server(kMark).destinations, SizeIs(2));
    EXPECT_EQ(destination(mark_of(2), kA).weight, 1U);
    EXPECT_FALSE(has_server(mark_of(77)));
    EXPECT_EQ(backend_->audit()->drifted, 0U);
}

TEST_F(IpvsBackendTest, AnotherSchedulerIsTakenOver) {
    apply(many(2));
    restart("wlc");
    EXPECT_EQ(apply(many(2)).writes, 0U);
    EXPECT_EQ(server(kMark).scheduler, "wlc");
}

TEST_F(IpvsBackendTest, AnAddressThatMovesToAnInterfaceIsTheHosts) {
    const auto vip = nft::address_element(SetId::vips, ip("198.51.100.1"));
    apply(delta({with_lb(1, "198.51.100.1")}));
    EXPECT_THAT(table(), Contains(vip));
    EXPECT_THAT(servers_.routes, SizeIs(2));
    servers_.interface_addresses.push_back(ip("198.51.100.1"));
    EXPECT_TRUE(backend_->audit());
    EXPECT_THAT(table(), Not(Contains(vip)));
    EXPECT_THAT(servers_.routes, SizeIs(1));
    servers_.interface_addresses.pop_back();
    EXPECT_TRUE(backend_->audit());
    EXPECT_THAT(table(), Contains(vip));
    EXPECT_THAT(servers_.routes, SizeIs(2));
}

TEST_F(IpvsBackendTest, OrphanedUdpFrontendsAreTold) {
    auto plan = numbered(1, {kA});
    plan.ports[0].protocol = Protocol::udp;
    apply(delta({plan}));
    restart();
    apply({});
    EXPECT_THAT(backend_->orphaned_udp_frontends(),
                ElementsAre(EndpointAddr{ip("10.96.0.2"), Port(80)}));
}

TEST_F(IpvsBackendTest, TeardownLeavesNothing) {
    apply(delta({with_lb(1, "198.51.100.1")}));
    EXPECT_TRUE(backend_->teardown());
    EXPECT_THAT(servers_.servers, IsEmpty());
    EXPECT_THAT(servers_.routes, IsEmpty());
    EXPECT_THAT(tables_.tables, IsEmpty());
    EXPECT_TRUE(backend_->teardown());
}

TEST_F(IpvsBackendTest, RendersTheTableAndTheServers) {
    IpvsSettings settings;
    settings.scheduler = "mh";
    const auto text = render(delta({numbered(1, {kA})}), facts_, settings);
    EXPECT_THAT(text, testing::HasSubstr("table ip switchyard-ipvs {"));
    EXPECT_THAT(text, testing::HasSubstr("10.96.0.2 . tcp . 80 : 0x05a00001"));
    EXPECT_THAT(text, testing::HasSubstr("-A -f 94371841 -s mh\n"
                                         "-a -f 94371841 -r 10.244.1.11:8080 -m -w 1\n"));
}

}  // namespace
}  // namespace sy::ipvs
