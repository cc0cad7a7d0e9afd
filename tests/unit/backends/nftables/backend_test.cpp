#include "backends/nftables/backend/backend.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>

#include "backends/nftables/vocabulary.h"
#include "tests/support/fake_nft_kernel.h"
#include "tests/support/plans.h"

namespace sy::nft {
namespace {

using test::cluster_ip_plan;
using test::delta;
using test::endpoint;
using test::ip;
using testing::ElementsAre;
using testing::IsEmpty;
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

PlanDelta many(int count) {
    PlanDelta result;
    for (int i = 0; i < count; ++i) {
        result.changed.push_back(std::make_shared<const ServicePlan>(numbered(i, {kA, kB})));
    }
    result.known_services = static_cast<std::size_t>(count);
    return result;
}

class NftBackendTest : public testing::Test {
  protected:
    NftBackendTest() { restart(); }

    void restart() {
        backend_ = std::make_unique<NftBackend>(std::make_unique<FakeKernel>(tables_), log_,
                                                [this] { return now_; });
        adopted_ = backend_->adopt().value();
        tables_.committed.clear();
    }
    ApplyReport apply(const PlanDelta& plans, bool complete = true) {
        return backend_->apply(plans, facts_, complete);
    }
    const std::set<Element>& kernel(Family family = Family::ipv4) {
        return tables_.tables.at(family).elements;
    }

    /// What lingers goes.
    void let_time_pass() {
        now_ += Lingering::kTime;
        EXPECT_TRUE(backend_->tend());
        EXPECT_FALSE(backend_->tend_in());
    }
    bool has_hairpin(const EndpointAddr& address) {
        return kernel().contains(hairpin_element(address.ip));
    }

    FakeTables tables_;
    QuietLog log_;
    Lingering::TimePoint now_{};
    NodeFacts facts_{{ip("192.168.50.1")},
                     {*Cidr::parse("10.96.0.0/16")},
                     CidrDetector{{*Cidr::parse("10.244.0.0/16")}},
                     false};
    std::unique_ptr<NftBackend> backend_;
    KernelReport adopted_;
};

TEST_F(NftBackendTest, CreatesTablesAndFirstServicesInOneTransaction) {
    const auto report = apply(delta({numbered(1, {kA, kB})}));
    EXPECT_FALSE(report.failure);
    EXPECT_EQ(report.transactions, 1U);
    EXPECT_THAT(tables_.committed, SizeIs(1));
    EXPECT_THAT(tables_.committed[0].create, SizeIs(2));
    EXPECT_TRUE(kernel().contains(address_element(SetId::nodeport_ips, ip("192.168.50.1"))));
    EXPECT_TRUE(
        kernel().contains(network_element(SetId::pod_cidrs, *Cidr::parse("10.244.0.0/16"))));
}

TEST_F(NftBackendTest, NoChangeWritesNothing) {
    apply(delta({numbered(1, {kA, kB})}));
    const auto report = apply(delta({numbered(1, {kA, kB})}));
    EXPECT_EQ(report.transactions, 0U);
    EXPECT_THAT(tables_.committed, SizeIs(1));
}

TEST_F(NftBackendTest, ARestartWritesNothing) {
    apply(many(300));
    const auto before = kernel();
    restart();
    EXPECT_EQ(apply(many(300)).writes, 0U);
    EXPECT_THAT(tables_.committed, IsEmpty());
    EXPECT_EQ(kernel(), before);
}

TEST_F(NftBackendTest, ARestartRemovesWhatIsGoneOnlyAfterTheWholePass) {
    apply(delta({numbered(1, {kA}), numbered(2, {kB})}));
    const auto full = kernel().size();
    restart();
    apply(delta({numbered(1, {kA})}), false);
    EXPECT_EQ(kernel().size(), full);
    apply({}, true);
    // The frontend, the slot, the cluster IP and the endpoint address of the second Service.
    EXPECT_EQ(kernel().size(), full - 4);
}

TEST_F(NftBackendTest, EverythingDeletedLeavesOnlyNodeElements) {
    apply({});
    const auto empty = kernel();
    apply(many(50));
    PlanDelta gone;
    for (int i = 0; i < 50; ++i) {
        gone.removed.push_back({"default", "svc-" + std::to_string(i)});
    }
    apply(gone);
    let_time_pass();
    EXPECT_EQ(kernel(), empty);
}

TEST_F(NftBackendTest, APodSentToItselfIsStillRecognisedWhenItHasJustLeft) {
    apply(delta({numbered(1, {kA}), numbered(2, {kB})}));
    ASSERT_TRUE(has_hairpin(kA.address));
    const auto before = kernel();
    EXPECT_FALSE(backend_->tend_in());
    apply(delta({numbered(1, {kB})}));
    EXPECT_TRUE(has_hairpin(kA.address));
    EXPECT_EQ(backend_->audit()->drifted, 0U);

    now_ += Lingering::kTime / 2;
    EXPECT_EQ(backend_->tend_in(), Lingering::kTime / 2);
    EXPECT_TRUE(backend_->tend());
    EXPECT_TRUE(has_hairpin(kA.address));
    now_ += Lingering::kTime / 2;
    EXPECT_EQ(backend_->tend_in(), std::chrono::milliseconds(0));
    EXPECT_TRUE(backend_->tend());
    EXPECT_FALSE(has_hairpin(kA.address));
    EXPECT_FALSE(backend_->tend_in());
    EXPECT_EQ(backend_->audit()->drifted, 0U);

    apply(delta({numbered(1, {kA})}));
    EXPECT_EQ(kernel(), before);
}

TEST_F(NftBackendTest, AnEndpointThatIsBackStays) {
    apply(delta({numbered(1, {kA})}));
    const auto before = kernel();
    apply(delta({numbered(1, {kB})}));
    apply(delta({numbered(1, {kA})}));
    EXPECT_FALSE(backend_->tend_in());
    EXPECT_EQ(kernel(), before);
    now_ += Lingering::kTime;
    EXPECT_TRUE(backend_->tend());
    EXPECT_EQ(kernel(), before);
}

TEST_F(NftBackendTest, WhatLingeredAtARestartGoesALittleLater) {
    apply(delta({numbered(1, {kA})}));
    apply(delta({numbered(1, {kB})}));
    restart();
    EXPECT_EQ(apply(delta({numbered(1, {kB})})).writes, 0U);
    EXPECT_TRUE(has_hairpin(kA.address));
    let_time_pass();
    EXPECT_FALSE(has_hairpin(kA.address));
}

TEST_F(NftBackendTest, LingeringElementsThatOthersRemovedAreNoTrouble) {
    apply(delta({numbered(1, {kA})}));
    apply(delta({numbered(1, {kB})}));
    tables_.tables.at(Family::ipv4).elements.erase(hairpin_element(kA.address.ip));
    let_time_pass();
    EXPECT_EQ(backend_->audit()->drifted, 0U);
}

TEST_F(NftBackendTest, OnePoisonousServiceAmongAThousand) {
    const auto guilty = ip("10.96.2.78");
    tables_.poison = [&](const Element& element) {
        return element.set() == SetId::frontends && frontend_key(element).address == guilty;
    };
    const auto report = apply(many(1000));
    EXPECT_FALSE(report.failure);
    ASSERT_THAT(report.quarantined, SizeIs(1));
    EXPECT_EQ(report.quarantined[0].service.name, "svc-577");
    EXPECT_EQ(report.quarantined[0].error.on, "Service default/svc-577");
    tables_.poison = nullptr;
    EXPECT_THAT(apply(many(1000)).quarantined, IsEmpty());
    const auto healed = kernel();
    restart();
    EXPECT_EQ(apply(many(1000)).writes, 0U);
    EXPECT_EQ(kernel(), healed);
}

TEST_F(NftBackendTest, ARefusalAsAWholeLeavesEverythingToTheRetry) {
    tables_.fail_next = CommitError{CommitError::Reason::other, {"commit", "", EPERM}, {}};
    EXPECT_TRUE(apply(many(10)).failure);
    EXPECT_TRUE(tables_.tables.empty());
    EXPECT_FALSE(apply(many(10)).failure);
    restart();
    EXPECT_EQ(apply(many(10)).writes, 0U);
}

TEST_F(NftBackendTest, SetsGrowWithoutLosingElements) {
    apply(many(1));
    auto& config = tables_.tables.at(Family::ipv4).config;
    config.sizes[static_cast<std::size_t>(SetId::frontends)] = 64;
    restart();
    EXPECT_FALSE(apply(many(60)).failure);
    EXPECT_TRUE(tables_.committed.back().rewrite.empty());
    EXPECT_FALSE(apply(many(200)).failure);
    EXPECT_THAT(tables_.committed.back().rewrite, SizeIs(1));
    const auto grown = kernel();
    EXPECT_EQ(std::ranges::count(grown, SetId::frontends, &Element::set), 200);
    restart();
    EXPECT_EQ(apply(many(200)).writes, 0U);
}

TEST_F(NftBackendTest, AuditMendsWhatOthersChanged) {
    apply(many(20));
    const auto good = tables_.tables;
    auto& four = tables_.tables.at(Family::ipv4);
    four.elements.erase(frontend_element(ip("10.96.0.3"), Protocol::tcp, Port(80), 0));
    std::erase_if(four.elements, [](const Element& e) { return e.set() == SetId::endpoints; });
    four.elements.insert(frontend_element(ip("6.6.6.6"), Protocol::tcp, Port(1), 0x7c01));
    four.rules_edited = true;
    tables_.tables.erase(Family::ipv6);
    const auto report = backend_->audit();
    ASSERT_TRUE(report);
    EXPECT_GT(report->drifted, 0U);
    for (const auto family : kFamilies) {
        EXPECT_EQ(tables_.tables.at(family).elements, good.at(family).elements);
        EXPECT_FALSE(tables_.tables.at(family).rules_edited);
    }
    EXPECT_EQ(backend_->audit()->drifted, 0U);
}

TEST_F(NftBackendTest, ACommitThatMeetsDriftMendsItFirst) {
    apply(many(20));
    tables_.tables.clear();
    EXPECT_FALSE(apply(delta({numbered(3, {kC})})).failure);
    EXPECT_EQ(std::ranges::count(kernel(), SetId::frontends, &Element::set), 20);
    // An element that is gone is refused as if the Service were guilty.
    std::erase_if(tables_.tables.at(Family::ipv4).elements,
                  [](const Element& e) { return e.set() == SetId::endpoints; });
    const auto report = apply(delta({numbered(4, {kC})}));
    EXPECT_THAT(report.quarantined, IsEmpty());
    EXPECT_FALSE(report.failure);
    EXPECT_EQ(backend_->audit()->drifted, 0U);
}

TEST_F(NftBackendTest, AnotherLayoutIsSwappedInOneTransaction) {
    apply(many(10));
    const auto good = kernel();
    tables_.tables.at(Family::ipv4).same_layout = false;
    tables_.tables.at(Family::ipv4).elements.clear();
    restart();
    EXPECT_TRUE(adopted_.rebuilt);
    auto plans = many(10);
    PlanDelta second;
    second.changed.assign(plans.changed.begin() + 5, plans.changed.end());
    plans.changed.resize(5);
    apply(plans, false);
    EXPECT_THAT(tables_.committed, IsEmpty());
    apply(second, true);
    EXPECT_THAT(tables_.committed, SizeIs(1));
    EXPECT_EQ(kernel().size(), good.size());
}

TEST_F(NftBackendTest, NodeFactsFollow) {
    apply(many(3));
    facts_.nodeport_addresses = {ip("192.168.50.2"), ip("fd00::1")};
    facts_.service_cidrs.push_back(*Cidr::parse("10.97.0.0/16"));
    facts_.masquerade_all = true;
    apply({});
    EXPECT_TRUE(kernel().contains(address_element(SetId::nodeport_ips, ip("192.168.50.2"))));
    EXPECT_FALSE(kernel().contains(address_element(SetId::nodeport_ips, ip("192.168.50.1"))));
    EXPECT_TRUE(kernel(Family::ipv6).contains(address_element(SetId::nodeport_ips, ip("fd00::1"))));
    EXPECT_THAT(tables_.committed.back().rewrite, SizeIs(2));
    restart();
    EXPECT_EQ(apply(many(3)).writes, 0U);
}

TEST_F(NftBackendTest, AVipMovesToAnotherServiceInOneTransaction) {
    apply(delta({numbered(1, {kA})}));
    auto heir = numbered(1, {kB});
    heir.name.name = "heir";
    const auto report = apply(delta({heir}, {{"default", "svc-1"}}));
    EXPECT_EQ(report.transactions, 1U);
    EXPECT_THAT(report.quarantined, IsEmpty());
    EXPECT_EQ(std::ranges::count(kernel(), SetId::frontends, &Element::set), 1);
}

TEST_F(NftBackendTest, UdpFrontendsOfServicesDeletedMeanwhileAreReported) {
    auto dns = cluster_ip_plan("dns", "10.96.0.10", 53, {kA});
    dns.ports[0].protocol = Protocol::udp;
    auto kept = cluster_ip_plan("kept", "10.96.0.11", 53, {kA});
    kept.ports[0].protocol = Protocol::udp;
    apply(delta({dns, kept}));
    restart();
    apply(delta({kept}));
    EXPECT_THAT(backend_->orphaned_udp_frontends(),
                ElementsAre(EndpointAddr{ip("10.96.0.10"), Port(53)}));
}

TEST_F(NftBackendTest, TeardownForgetsEverything) {
    apply(many(3));
    EXPECT_TRUE(backend_->teardown());
    EXPECT_TRUE(tables_.tables.empty());
    EXPECT_FALSE(apply(many(3)).failure);
    EXPECT_FALSE(tables_.tables.empty());
}

TEST_F(NftBackendTest, ClassesOfVanishedTimeoutsMakeRoom) {
    apply({});
    const auto with_timeout = [&](uint32_t timeout) {
        auto plan = numbered(1, {kA});
        plan.ports[0].affinity_timeout = timeout;
        return plan;
    };
    for (uint32_t timeout = 1; timeout < 1200; ++timeout) {
        const auto report = apply(delta({with_timeout(timeout)}));
        ASSERT_FALSE(report.failure);
        ASSERT_THAT(report.quarantined, IsEmpty()) << timeout;
    }
}

TEST_F(NftBackendTest, TellsHowFullItsMapsAre) {
    EXPECT_THAT(backend_->fill(), IsEmpty()) << "there is no table yet";
    apply(many(3));
    const auto find = [this](std::string_view map, Family family) {
        const auto all = backend_->fill();
        const auto found = std::ranges::find_if(
            all, [&](const MapFill& f) { return f.map == map && f.family == family; });
        return found == all.end() ? MapFill{} : *found;
    };
    EXPECT_EQ(find("frontends", Family::ipv4).elements, 3U);
    EXPECT_GE(find("frontends", Family::ipv4).capacity, 3U);
    EXPECT_EQ(find("frontends", Family::ipv6).elements, 0U);
    EXPECT_EQ(find("nodeport_ips", Family::ipv4).elements, 1U);
    EXPECT_TRUE(find("affinity", Family::ipv4).map.empty()) << "only the packet path knows";
    apply({.changed = {}, .removed = {numbered(0, {}).name}, .triggers = {}});
    EXPECT_EQ(find("frontends", Family::ipv4).elements, 2U);
}

}  // namespace
}  // namespace sy::nft
