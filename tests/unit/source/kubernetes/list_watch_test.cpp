#include "list_watch_fixture.h"

namespace sy {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Phase = ListWatch::Phase;

TEST_F(ListWatchTest, BeginsWithAWatchList) {
    const auto step = machine_.start(at());
    ASSERT_TRUE(step.send);
    EXPECT_EQ(step.send->method, "GET");
    EXPECT_EQ(step.send->target,
              "/api/v1/services?labelSelector=%21service.kubernetes.io%2Fservice-proxy-name&"
              "fieldSelector=spec.clusterIP%21%3DNone&watch=true&sendInitialEvents=true&"
              "resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=300");
    EXPECT_TRUE(step.begin_list);
    EXPECT_EQ(step.send->body_timeout, 330s);
    EXPECT_EQ(machine_.phase(), Phase::initial);
}

TEST_F(ListWatchTest, TheBookmarkEndsTheListAndTheWatchGoesOn) {
    machine_.start(at());
    EXPECT_EQ(machine_.accepted(at()).timer, 15s);
    machine_.object("90", true, at());
    EXPECT_EQ(machine_.resource_version(), "");
    const auto step = machine_.bookmark({"100", true}, at());
    EXPECT_TRUE(step.end_list);
    EXPECT_TRUE(step.stop_timer);
    EXPECT_FALSE(step.send);
    EXPECT_EQ(machine_.phase(), Phase::watching);
    EXPECT_EQ(machine_.resource_version(), "100");
    EXPECT_THAT(observer_.take(), ElementsAre("connected"));
    EXPECT_THAT(log_.take(), IsEmpty());
}

TEST_F(ListWatchTest, WatchTimesAreSpread) {
    random_ = 0.5;
    EXPECT_THAT(sent(machine_.start(at())), HasSubstr("timeoutSeconds=450"));
}

TEST_F(ListWatchTest, ObjectsAndBookmarksAdvanceTheVersion) {
    to_watching("100");
    machine_.object("105", true, at());
    EXPECT_EQ(machine_.resource_version(), "105");
    machine_.bookmark({"110", false}, at());
    EXPECT_EQ(machine_.resource_version(), "110");
    // Neither a stale bookmark nor one without number leads astray.
    machine_.bookmark({"99", false}, at());
    machine_.object("", false, at());
    EXPECT_EQ(machine_.resource_version(), "110");
    machine_.bookmark({"opaque", false}, at());
    EXPECT_EQ(machine_.resource_version(), "opaque");
}

TEST_F(ListWatchTest, AHealthyWatchGoesOnAtOnceWhereItEnded) {
    to_watching("100");
    machine_.object("123", false, at());
    now_ += 300s;
    const auto step = machine_.ended({}, at());
    EXPECT_EQ(sent(step),
              "watch=true&allowWatchBookmarks=true&resourceVersion=123&timeoutSeconds=300");
    EXPECT_FALSE(step.begin_list);
    EXPECT_FALSE(step.timer);
    EXPECT_THAT(observer_.take(), ElementsAre("disconnected", "restarted: timeout"));
    EXPECT_THAT(log_.take(), IsEmpty());
}

TEST_F(ListWatchTest, WithoutWatchListThereArePages) {
    const auto first = to_pages();
    EXPECT_TRUE(first.begin_list);
    EXPECT_EQ(sent(first), "limit=500&resourceVersion=0");
    EXPECT_EQ(first.send->head_timeout, 65s);
    machine_.accepted(at());
    const auto second = machine_.page({"50", "a/b="}, at());
    EXPECT_EQ(sent(second), "limit=500&continue=a%2Fb%3D");
    EXPECT_FALSE(second.begin_list);
    EXPECT_FALSE(second.end_list);
    machine_.accepted(at());
    const auto watch = machine_.page({"50", ""}, at());
    EXPECT_TRUE(watch.end_list);
    EXPECT_EQ(sent(watch),
              "watch=true&allowWatchBookmarks=true&resourceVersion=50&timeoutSeconds=300");
    EXPECT_EQ(machine_.phase(), Phase::watching);
    EXPECT_THAT(log_.take(), ElementsAre(AllOf(HasSubstr("sendInitialEvents is forbidden"),
                                               HasSubstr("asking for pages"))));
}

TEST_F(ListWatchTest, AnyWordForUnsupportedLeadsToPages) {
    for (const auto& answer : {refusal(400, "BadRequest"), refusal(415), refusal(422),
                               refusal(403, "Invalid"), refusal(501)}) {
        ListWatch machine(resource_, log_, observer_);
        machine.start(at());
        EXPECT_THAT(sent(machine.refused(answer, at())), HasSubstr("limit=500")) << answer.code;
    }
}

TEST_F(ListWatchTest, UnsupportedIsRememberedWhenAListIsNeededAgain) {
    to_pages();
    machine_.accepted(at());
    machine_.page({"50", ""}, at());
    machine_.accepted(at());
    // Fresh, lest it goes back behind what is known.
    EXPECT_EQ(sent(machine_.refused(kExpired, at())), "limit=500");
}

TEST_F(ListWatchTest, AServerThatNeverEndsTheInitialEventsGetsPages) {
    machine_.start(at());
    machine_.accepted(at());
    now_ += 10s;
    machine_.object("1", true, at());
    EXPECT_EQ(after(5s, &ListWatch::timer).timer, 10s);
    now_ += 9999ms;
    EXPECT_EQ(machine_.timer(at()).timer, 1ms);
    const auto step = after(1ms, &ListWatch::timer);
    EXPECT_TRUE(step.cancel);
    EXPECT_TRUE(step.begin_list);
    EXPECT_EQ(sent(step), "limit=500&resourceVersion=0");
}

TEST_F(ListWatchTest, ALivelyClusterDoesNotHideThat) {
    machine_.start(at());
    machine_.accepted(at());
    machine_.bookmark({"5", false}, at());
    for (int i = 0; i < 15; ++i) {
        now_ += 1s;
        machine_.object("9", i % 2 == 0, at());
    }
    EXPECT_THAT(sent(machine_.timer(at())), HasSubstr("limit=500"));
}

TEST_F(OptionalResourceTest, OlderVersionIsTriedAndKept) {
    EXPECT_THAT(sent(machine_.start(at())),
                testing::StartsWith("/apis/networking.k8s.io/v1/servicecidrs?"));
    const auto older = machine_.refused(refusal(404), at());
    EXPECT_THAT(sent(older), testing::StartsWith("/apis/networking.k8s.io/v1beta1/servicecidrs?"));
    EXPECT_EQ(machine_.version(), 1U);
    machine_.accepted(at());
    machine_.bookmark({"5", true}, at());
    now_ += 300s;
    EXPECT_THAT(sent(machine_.ended({}, at())), HasSubstr("v1beta1"));
    // An upgrade takes the old version away.
    EXPECT_TRUE(machine_.refused(refusal(404), at()).timer);
    const auto newer = machine_.timer(at());
    EXPECT_TRUE(newer.begin_list);
    EXPECT_THAT(sent(newer), HasSubstr("/v1/"));
}

TEST_F(OptionalResourceTest, AbsentCountsAsListedAndIsLookedForAgain) {
    machine_.start(at());
    machine_.refused(refusal(404), at());
    const auto step = machine_.refused(refusal(404), at());
    EXPECT_TRUE(step.absent);
    EXPECT_FALSE(step.end_list);
    EXPECT_EQ(step.timer, 450s);
    EXPECT_THAT(log_.take(), ElementsAre(HasSubstr("info: this cluster has no servicecidrs")));
    random_ = 0.5;
    EXPECT_THAT(sent(after(450s, &ListWatch::timer)), HasSubstr("/v1/"));
    machine_.refused(refusal(404), at());
    const auto again = machine_.refused(refusal(404), at());
    EXPECT_FALSE(again.absent);
    EXPECT_EQ(again.timer, 600s);
    EXPECT_THAT(log_.take(), IsEmpty());
}

TEST_F(OptionalResourceTest, AbsentIsNoOutage) {
    machine_.start(at());
    fail_to_connect();
    now_ += 5s;
    machine_.timer(at());
    machine_.refused(refusal(404), at());
    machine_.refused(refusal(404), at());
    EXPECT_THAT(observer_.take(),
                ElementsAre("disconnected", "restarted: unreachable", "connected"));
    EXPECT_THAT(log_.take(),
                ElementsAre(HasSubstr("connection refused"), HasSubstr("has no servicecidrs")));
}

TEST_F(OptionalResourceTest, ForbiddenIsOneWarningAndAbsent) {
    machine_.start(at());
    EXPECT_TRUE(machine_.refused(refusal(403, "Forbidden"), at()).absent);
    EXPECT_THAT(log_.take(),
                ElementsAre(AllOf(HasSubstr("warning: "), HasSubstr("networking.k8s.io"))));
    after(600s, &ListWatch::timer);
    machine_.refused(refusal(403, "Forbidden"), at());
    EXPECT_THAT(log_.take(), IsEmpty());
}

TEST_F(OptionalResourceTest, OnceSeenItIsNotAbsentAnyMore) {
    to_watching();
    now_ += 300s;
    machine_.ended({}, at());
    // A server that has just started does not know all rights yet.
    const auto step = machine_.refused(refusal(403, "Forbidden"), at());
    EXPECT_FALSE(step.absent);
    EXPECT_EQ(step.timer, 800ms);
}

}  // namespace
}  // namespace sy
