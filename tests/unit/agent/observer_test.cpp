#include "agent/observer.h"

#include "agent_fixture.h"

namespace sy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(AgentTest, TellsOfListsChangesAndSyncs) {
    make();
    agent_->on_events({service(1), Listed{Kind::service}});
    agent_->on_events({service(2), Listed{Kind::endpoint_slice}});
    until([this] { return synced_; });
    drain();
    EXPECT_THAT(observer_.take(),
                ElementsAre("changes", "lists true false", "changes", "lists true true", "changes",
                            "begun", "committed 2", "first", "full ok"));
    agent_->on_events({service(2), service(3)});
    until([this] { return kernel_->applies().size() == 2; });
    drain();
    EXPECT_THAT(observer_.take(), ElementsAre("changes", "begun", "committed 1", "partial ok"));
    const auto& seen = observer_.changes.back();
    EXPECT_EQ(seen.services, 2U);
    EXPECT_EQ(seen.services_changed, 1U);
    EXPECT_EQ(seen.families, FamilySet(Family::ipv4));
    EXPECT_THAT(observer_.fill, SizeIs(1));
}

TEST_F(AgentTest, TellsOfWhatNeedsNoWrite) {
    make_synced(1);
    observer_.take();
    EndpointSlice nobodys;
    nobodys.ns = "default";
    nobodys.name = "x";
    nobodys.service = "unknown";
    nobodys.family = Family::ipv6;
    agent_->on_events({Upserted{nobodys}});
    EXPECT_THAT(observer_.take(), ElementsAre("changes", "begun", "skipped"));
    EXPECT_EQ(observer_.changes.back().families, FamilySet(Family::ipv6));
}

TEST_F(AgentTest, AFailureIsToldAndTheRetryIsAFullSync) {
    make_synced(1);
    observer_.take();
    kernel_->refuse_next_apply(kNoMemory);
    agent_->on_events({service(2)});
    until([this] { return kernel_->programmed().contains(name(2)); });
    drain();
    const auto words = observer_.take();
    EXPECT_THAT(words, testing::Not(Contains("partial ok")));
    EXPECT_THAT(words, testing::IsSupersetOf({"partial failed", "audited 0", "full ok"}));
}

TEST_F(AgentTest, TriggersSurviveAFailureAndAreToldOnce) {
    make_synced(1);
    EndpointSlice slice;
    slice.ns = "default";
    slice.name = "s0-1";
    slice.service = "s0";
    slice.family = Family::ipv4;
    slice.ports.push_back({.name = {}, .protocol = Protocol::tcp, .port = Port{8080}});
    slice.endpoints.push_back({.address = IpAddr::v4(10, 244, 0, 1)});
    slice.trigger_time = std::chrono::system_clock::now();
    kernel_->refuse_next_apply(kNoMemory);
    agent_->on_events({Upserted{slice}});
    until([this] { return !observer_.triggers.empty(); });
    EXPECT_THAT(observer_.triggers,
                ElementsAre(Trigger{name(0), Family::ipv4, *slice.trigger_time}));
    agent_->on_events({service(5)});
    until([this] { return kernel_->programmed().contains(name(5)); });
    drain();
    EXPECT_THAT(observer_.triggers, SizeIs(1));
}

TEST_F(AgentTest, TellsOfQuarantineAuditsAndTheNode) {
    kernel_->poison(name(1), kInvalid);
    make_synced(2);
    EXPECT_THAT(observer_.take(), Contains("bad s1"));
    kernel_->heal(name(1));
    until([this] { return kernel_->programmed().contains(name(1)); });
    drain();
    EXPECT_THAT(observer_.take(), Contains("good s1"));
    kernel_->next_audit_gives(KernelReport{.found = 5, .drifted = 2});
    agent_->request_audit();
    until([this] { return kernel_->audits() == 1; });
    drain();
    EXPECT_THAT(observer_.take(), Contains("audited 2"));
    Node node;
    node.name = "n1";
    agent_->on_events({Upserted{node}});
    EXPECT_THAT(observer_.take(), testing::IsSupersetOf({"node n1", "changes"}));
    agent_->on_events({Removed{{.kind = Kind::node, .ns = {}, .name = "n1"}}});
    EXPECT_THAT(observer_.take(), Contains("no node"));
}

TEST_F(AgentTest, OtherSettingsHoldAtOnce) {
    make_synced(2);
    EXPECT_THAT(kernel_->applies().back().facts.nodeport_addresses, IsEmpty());
    NodeOptions node;
    node.bind_address = IpAddr::v4(192, 0, 2, 10);
    node.masquerade_all = true;
    agent_->reconfigure(node, options_.pace, options_.quarantine);
    until([this] { return kernel_->applies().size() == 2; });
    drain();
    const auto last = kernel_->applies().back();
    EXPECT_TRUE(last.facts.masquerade_all);
    EXPECT_THAT(last.facts.nodeport_addresses, ElementsAre(IpAddr::v4(192, 0, 2, 10)));
    EXPECT_THAT(last.removed, IsEmpty());
    EXPECT_THAT(kernel_->programmed(), ElementsAre(name(0), name(1)));
    // Back again, and nothing is written for settings that change nothing.
    agent_->reconfigure({}, options_.pace, options_.quarantine);
    until([this] { return kernel_->applies().size() == 3; });
    drain();
    EXPECT_THAT(kernel_->applies().back().facts.nodeport_addresses, IsEmpty());
    agent_->reconfigure({}, options_.pace, options_.quarantine);
    drain();
    EXPECT_EQ(kernel_->applies().size(), 3U);
}

}  // namespace
}  // namespace sy
