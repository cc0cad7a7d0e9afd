#include "agent/agent.h"

#include "agent_fixture.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(AgentTest, WritesNothingBeforeTheListsAreComplete) {
    make();
    agent_->on_events({service(1), Listed{Kind::service}});
    for (int i = 0; i < 50; ++i) {
        io_.run_one_for(1ms);
    }
    EXPECT_THAT(kernel_->applies(), IsEmpty());
    agent_->on_events({Listed{Kind::endpoint_slice}});
    until([this] { return synced_; });
    EXPECT_THAT(kernel_->programmed(), ElementsAre(name(1)));
}

TEST_F(AgentTest, WhatCouldNotBeReadIsNotTakenAsDeleted) {
    make();
    agent_->on_events(
        {service(1), Listed{Kind::service, false}, Listed{Kind::endpoint_slice, false}});
    until([this] { return synced_; });
    drain();
    ASSERT_THAT(kernel_->applies(), SizeIs(1));
    EXPECT_FALSE(kernel_->applies()[0].complete);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("not everything could be read")));
    agent_->on_events({service(2)});
    until([this] { return kernel_->applies().size() == 2; });
    EXPECT_FALSE(kernel_->applies()[1].complete);
    agent_->on_events({Listed{Kind::service}, Listed{Kind::endpoint_slice}});
    until([this] { return kernel_->applies().size() == 3; });
    EXPECT_TRUE(kernel_->applies()[2].complete);
    EXPECT_THAT(kernel_->programmed(), ElementsAre(name(1), name(2)));
}

TEST_F(AgentTest, AnEmptyClusterIsAFirstPassToo) {
    make_synced(0);
    const auto applies = kernel_->applies();
    ASSERT_THAT(applies, SizeIs(1));
    EXPECT_TRUE(applies[0].complete);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("synced: 0 services, 0 writes in ")));
}

TEST_F(AgentTest, TheFirstPassComesInBatchesAndTheLastOneIsComplete) {
    options_.batch = 10;
    make_synced(35);
    const auto applies = kernel_->applies();
    ASSERT_THAT(applies, SizeIs(4));
    std::size_t total = 0;
    for (std::size_t i = 0; i < applies.size(); ++i) {
        EXPECT_LE(applies[i].changed.size(), 10U);
        EXPECT_EQ(applies[i].complete, i == 3);
        total += applies[i].changed.size();
    }
    EXPECT_EQ(total, 35U);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("synced: 35 services, 35 writes in ")));
}

TEST_F(AgentTest, AChangeGoesAtOnceAndWhatArrivesMeanwhileCoalesces) {
    make_synced(3);
    kernel_->hold();
    const auto before = kernel_->entered();
    agent_->on_events({service(100)});
    until([&] { return kernel_->entered() == before + 1; });
    for (int i = 101; i < 200; ++i) {
        agent_->on_events({service(i)});
        drain();
    }
    kernel_->release();
    until([this] { return kernel_->programmed().size() == 103; });
    const auto applies = kernel_->applies();
    ASSERT_THAT(applies, SizeIs(3));
    EXPECT_THAT(applies[1].changed, ElementsAre(name(100)));
    EXPECT_THAT(applies[2].changed, SizeIs(99));
    EXPECT_FALSE(applies[2].complete);
}

TEST_F(AgentTest, NothingToDoIsNothingDone) {
    make_synced(3);
    agent_->on_events({service(1), Listed{Kind::service}});
    agent_->on_addresses({IpAddr::v4(192, 0, 2, 10)});
    Node other;
    other.name = "n2";
    agent_->on_events({Upserted{other}});
    drain();
    EXPECT_THAT(kernel_->applies(), SizeIs(1));
}

TEST_F(AgentTest, ADeletedServiceIsRemoved) {
    make_synced(3);
    agent_->on_events({gone(1)});
    until([this] { return kernel_->programmed().size() == 2; });
    EXPECT_THAT(kernel_->applies().back().removed, ElementsAre(name(1)));
}

TEST_F(AgentTest, AFailedApplyIsRetriedWholeAfterALookAtTheKernel) {
    make_synced(3);
    kernel_->refuse_next_apply(kNoMemory);
    kernel_->refuse_next_apply(kNoMemory);
    agent_->on_events({service(7), gone(1)});
    until([this] { return kernel_->programmed().contains(name(7)); });
    EXPECT_FALSE(kernel_->programmed().contains(name(1)));
    EXPECT_THAT(kernel_->applies(), SizeIs(4));
    EXPECT_GE(kernel_->audits(), 1U);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("Cannot allocate memory")));
}

TEST_F(AgentTest, AFirstPassThatFailsHalfwayIsNotComplete) {
    options_.batch = 10;
    kernel_->hold();
    make();
    agent_->on_events(lists_of(25));
    until([this] { return kernel_->entered() == 1; });
    kernel_->refuse_next_apply(kNoMemory);
    kernel_->release();
    until([this] { return synced_; });
    const auto applies = kernel_->applies();
    EXPECT_THAT(applies, SizeIs(4)) << "one refused, then all three batches";
    EXPECT_THAT(kernel_->programmed(), SizeIs(25));
    for (std::size_t i = 0; i < applies.size(); ++i) {
        EXPECT_EQ(applies[i].complete, i + 1 == applies.size());
    }
}

TEST_F(AgentTest, AQuarantinedServiceHoldsNobodyBackAndIsNamedOnce) {
    kernel_->poison(name(2), kInvalid);
    make_synced(5);
    EXPECT_THAT(kernel_->programmed(), SizeIs(4));
    const auto retried = [this](std::size_t times) {
        std::size_t count = 0;
        for (const auto& apply : kernel_->applies()) {
            count += apply.changed == std::vector{name(2)} ? 1 : 0;
        }
        return count >= times;
    };
    until([&] { return retried(3); });
    agent_->on_events({service(8)});
    until([this] { return kernel_->programmed().contains(name(8)); });
    kernel_->heal(name(2));
    until([this] { return kernel_->programmed().contains(name(2)); });
    until([this] { return !log_.lines().empty() && log_.lines().back().ends_with("quarantine"); });
    const auto lines = log_.lines();
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                            [](const std::string& line) {
                                return line.find("cannot be programmed") != std::string::npos;
                            }),
              1);
}

TEST_F(AgentTest, NodeFactsFollowAddressesAndTheNodeObject) {
    make_synced(1);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("no IPv4 NodePorts")));
    EXPECT_THAT(kernel_->applies().back().facts.nodeport_addresses, IsEmpty());
    Node node;
    node.name = "n1";
    node.addresses = {IpAddr::v4(192, 0, 2, 10)};
    agent_->on_events({Upserted{node}});
    until([this] { return kernel_->applies().size() == 2; });
    EXPECT_THAT(kernel_->applies().back().changed, IsEmpty());
    EXPECT_THAT(kernel_->applies().back().facts.nodeport_addresses,
                ElementsAre(IpAddr::v4(192, 0, 2, 10)));
    until([this] {
        drain();
        return true;
    });
    agent_->on_addresses({IpAddr::v4(192, 0, 2, 99)});
    until([this] { return kernel_->applies().size() == 3; });
    EXPECT_THAT(kernel_->applies().back().facts.nodeport_addresses, IsEmpty());
    agent_->on_events({Upserted{ServiceCidr{"k", {*Cidr::parse("10.96.0.0/12")}}}});
    until([this] { return kernel_->applies().size() == 4; });
    EXPECT_THAT(kernel_->applies().back().facts.service_cidrs, SizeIs(1));
}

TEST_F(AgentTest, DriftIsAuditedAndToldOnce) {
    make_synced(1);
    kernel_->next_audit_gives(KernelReport{.found = 9, .drifted = 2, .rebuilt = false});
    kernel_->drift();
    until([this] { return kernel_->audits() == 1; });
    until([this] {
        return !log_.lines().empty() &&
               log_.lines().back().find("somebody else") != std::string::npos;
    });
    kernel_->next_audit_gives(KernelReport{.found = 9, .drifted = 2, .rebuilt = true});
    kernel_->drift();
    until([this] { return kernel_->audits() == 2; });
    drain();
    EXPECT_THAT(kernel_->applies(), SizeIs(1));
}

TEST_F(AgentTest, AnAuditCanBeAskedForAndIsRetried) {
    make_synced(1);
    kernel_->next_audit_gives(fail("dump", {}, 12));
    agent_->request_audit();
    until([this] { return kernel_->audits() == 2; });
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("could not be checked")));
}

TEST_F(AgentTest, TendsTheBackendAsOftenAsItAsks) {
    kernel_->wants_tending(3);
    make_synced(1);
    until([this] { return kernel_->tends() == 3; });
    drain();
    EXPECT_EQ(kernel_->tends(), 3U);
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("could not be tended")));
    EXPECT_THAT(kernel_->applies(), SizeIs(1));
}

TEST_F(AgentTest, AMissingKernelFeatureIsFatal) {
    kernel_->probe_gives(fail("no nf_tables", "kernel"));
    make();
    agent_->on_events(lists_of(1));
    until([this] { return fatal_.has_value(); });
    drain();
    EXPECT_THAT(kernel_->applies(), IsEmpty());
}

TEST_F(AgentTest, AdoptIsRetriedAndNothingIsWrittenBefore) {
    kernel_->next_adopt_fails(kNoMemory);
    kernel_->next_adopt_fails(kNoMemory);
    make_synced(2);
    EXPECT_THAT(kernel_->programmed(), SizeIs(2));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("could not be read")));
}

TEST_F(AgentTest, UdpFlowsAreJudgedAfterTheFirstPassAndAfterUdpChangesOnly) {
    kernel_->orphans({{IpAddr::v4(10, 96, 9, 9), Port{53}}});
    make_synced(1);
    until([this] { return passes().size() == 1; });
    EXPECT_THAT(passes()[0].rules, SizeIs(1)) << "the orphan";
    agent_->on_events({service(5)});
    until([this] { return kernel_->applies().size() == 2; });
    drain();
    agent_->on_events({service(6, 53, Protocol::udp)});
    until([this] { return passes().size() == 2; });
    EXPECT_THAT(passes()[1].rules, SizeIs(1));
    agent_->on_events({gone(6)});
    until([this] { return passes().size() == 3; });
}

TEST_F(AgentTest, StopsInTheMiddleOfACommit) {
    make_synced(1);
    kernel_->hold();
    const auto before = kernel_->entered();
    agent_->on_events({service(3)});
    until([&] { return kernel_->entered() == before + 1; });
    agent_->on_events({service(4)});
    kernel_->release();
    agent_->stop();
    agent_->on_events({service(5)});
    drain();
    EXPECT_TRUE(kernel_->programmed().contains(name(3)));
    EXPECT_FALSE(kernel_->programmed().contains(name(4)));
}

}  // namespace
}  // namespace sy
