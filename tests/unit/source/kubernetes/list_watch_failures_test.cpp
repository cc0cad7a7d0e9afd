#include "list_watch_fixture.h"

namespace sy {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

using Phase = ListWatch::Phase;

TEST_F(ListWatchTest, ACutOfAHealthyWatchIsNoOutageYet) {
    to_watching();
    now_ += 60s;
    EXPECT_TRUE(machine_.ended(std::unexpected(cut()), at()).send);
    machine_.accepted(at());
    EXPECT_THAT(observer_.take(), ElementsAre("disconnected", "restarted: cut", "connected"));
    EXPECT_THAT(log_.take(), IsEmpty());
}

TEST_F(ListWatchTest, AYoungWatchThatEndsIsAFailure) {
    to_watching();
    const auto step = machine_.ended({}, at());
    EXPECT_FALSE(step.send);
    EXPECT_EQ(step.timer, 800ms);
    EXPECT_EQ(machine_.phase(), Phase::waiting);
    EXPECT_THAT(log_.take(), ElementsAre("warning: cannot watch services: the API server ends the "
                                         "answer too early"));
    EXPECT_THAT(sent(machine_.timer(at())), HasSubstr("resourceVersion=100"));
}

TEST_F(ListWatchTest, WaitsDoubleUpToACeiling) {
    to_watching();
    now_ += 10s;
    machine_.ended(std::unexpected(cut()), at());
    std::vector<std::chrono::milliseconds> waits;
    for (int i = 0; i < 8; ++i) {
        const auto step = fail_to_connect();
        waits.push_back(step.timer.value_or(0ms));
        EXPECT_TRUE(after(*step.timer, &ListWatch::timer).send);
    }
    EXPECT_THAT(waits, ElementsAre(800ms, 1600ms, 3200ms, 6400ms, 12800ms, 25600ms, 30s, 30s));
    random_ = 0.5;
    EXPECT_EQ(fail_to_connect().timer, 22500ms);
}

TEST_F(ListWatchTest, AnOutageIsToldOnceAndItsEndToo) {
    to_watching();
    now_ += 10s;
    machine_.ended(std::unexpected(cut()), at());
    const auto began = now_;
    while (now_ - began < 61s) {
        const auto step = fail_to_connect();
        EXPECT_EQ(sent(step), "");
        after(std::min<std::chrono::milliseconds>(*step.timer, 1s), &ListWatch::timer);
    }
    machine_.accepted(at());
    EXPECT_THAT(log_.take(),
                ElementsAre("warning: cannot watch services: 10.0.0.1:443: connection refused",
                            "info: watching services again after 61 s"));
    // What was known is still good.
    EXPECT_EQ(machine_.resource_version(), "100");
    EXPECT_THAT(observer_.take(), Contains("restarted: unreachable"));
}

TEST_F(ListWatchTest, AHealthyWatchResetsTheWait) {
    to_watching();
    EXPECT_EQ(machine_.ended({}, at()).timer, 800ms);
    machine_.timer(at());
    EXPECT_EQ(fail_to_connect().timer, 1600ms);
    machine_.timer(at());
    machine_.accepted(at());
    now_ += 5s;
    EXPECT_TRUE(machine_.ended(std::unexpected(cut()), at()).send);
    EXPECT_EQ(fail_to_connect().timer, 800ms);
    EXPECT_THAT(log_.take(), SizeIs(4));  // and the next failure is news again
}

TEST_F(ListWatchTest, AFlappingServerIsNotToldAgainAndAgain) {
    to_watching();
    for (int i = 0; i < 5; ++i) {
        machine_.ended(std::unexpected(cut()), at());
        machine_.timer(at());
        machine_.accepted(at());
    }
    EXPECT_THAT(log_.take(), ElementsAre("warning: cannot watch services: connection reset",
                                         "info: watching services again after 0 s"));
}

TEST_F(ListWatchTest, ALackOfRightsIsNotALackOfWatchList) {
    machine_.start(at());
    const auto answer = refusal(403, "Forbidden", "services is forbidden: User \"x\" cannot watch");
    const auto step = machine_.refused(answer, at());
    EXPECT_EQ(step.timer, 800ms);
    const auto lines = log_.take();
    ASSERT_THAT(lines, SizeIs(1));
    EXPECT_THAT(lines[0],
                AllOf(HasSubstr("error: "), HasSubstr("\"watch\" on \"services\""),
                      HasSubstr("User \"x\" cannot watch"), HasSubstr("deploy/kubernetes")));
    EXPECT_THAT(sent(machine_.timer(at())), HasSubstr("sendInitialEvents"));
    machine_.refused(answer, at());
    EXPECT_THAT(log_.take(), IsEmpty());
    machine_.timer(at());
    machine_.refused(refusal(401, "Unauthorized", "Unauthorized"), at());
    EXPECT_THAT(log_.take(), ElementsAre(AllOf(HasSubstr("error: "), HasSubstr("credentials"))));
}

TEST_F(ListWatchTest, RightsToListAreNamedWhenAListFails) {
    to_pages();
    log_.lines.clear();
    machine_.refused(refusal(403, "Forbidden"), at());
    EXPECT_THAT(log_.take(), ElementsAre(HasSubstr("\"list\" on \"services\"")));
}

TEST_F(ListWatchTest, AnExpiredWatchIsListedAnewAtOnce) {
    to_watching();
    now_ += 60s;
    const auto step = machine_.refused(kExpired, at());
    EXPECT_TRUE(step.cancel);
    EXPECT_TRUE(step.begin_list);
    EXPECT_THAT(sent(step),
                AllOf(HasSubstr("sendInitialEvents"), Not(HasSubstr("resourceVersion="))));
    EXPECT_THAT(observer_.take(), ElementsAre("disconnected", "restarted: expired"));
}

TEST_F(ListWatchTest, AListThatExpiresAtOnceIsNotAskedForInALoop) {
    to_watching();
    EXPECT_TRUE(machine_.refused(kExpired, at()).send);
    std::vector<std::chrono::milliseconds> waits;
    for (int i = 0; i < 3; ++i) {
        machine_.accepted(at());
        machine_.bookmark({"200", true}, at());
        const auto step = machine_.refused(kExpired, at());
        EXPECT_FALSE(step.send);
        waits.push_back(step.timer.value_or(0ms));
        machine_.timer(at());
    }
    EXPECT_THAT(waits, ElementsAre(800ms, 1600ms, 3200ms));
}

TEST_F(ListWatchTest, AnExpiredPageStartsTheListAnewInOnePage) {
    to_pages();
    machine_.accepted(at());
    machine_.page({"50", "token"}, at());
    const auto step = machine_.refused(kExpired, at());
    EXPECT_TRUE(step.begin_list);
    EXPECT_FALSE(step.end_list);
    EXPECT_EQ(sent(step), "resourceVersion=0");
    // Later lists come in pages again.
    machine_.accepted(at());
    machine_.page({"60", ""}, at());
    machine_.accepted(at());
    now_ += 60s;
    EXPECT_EQ(sent(machine_.refused(kExpired, at())), "limit=500");
    // And a fresh one in one page has neither limit nor version.
    machine_.accepted(at());
    machine_.page({"70", "token"}, at());
    machine_.refused(kExpired, at());
    EXPECT_THAT(machine_.timer(at()).send->target, testing::EndsWith("clusterIP%21%3DNone"));
}

TEST_F(ListWatchTest, AVersionTheServerHasNotReachedIsForgotten) {
    to_watching("1000");
    auto answer = refusal(504, "Timeout", "Too large resource version: 1000, current: 10");
    answer.version_too_large = true;
    answer.retry_after = 1s;
    const auto step = machine_.refused(answer, at());
    EXPECT_EQ(step.timer, 1s);
    EXPECT_THAT(sent(machine_.timer(at())), HasSubstr("sendInitialEvents"));
}

TEST_F(ListWatchTest, AWatchTheServerDoesNotUnderstandIsListedAnew) {
    to_watching("opaque");
    machine_.refused(refusal(400, "BadRequest", "invalid resource version"), at());
    EXPECT_TRUE(machine_.timer(at()).begin_list);
}

TEST_F(ListWatchTest, ServerErrorsKeepTheVersion) {
    to_watching("100");
    for (const unsigned code : {500U, 503U, 429U, 504U, 408U, 401U, 403U}) {
        EXPECT_TRUE(machine_.refused(refusal(code), at()).timer);
        EXPECT_THAT(sent(machine_.timer(at())), HasSubstr("resourceVersion=100")) << code;
    }
}

TEST_F(ListWatchTest, RetryAfterIsHonoured) {
    to_watching();
    auto answer = refusal(429, "TooManyRequests");
    answer.retry_after = 17s;
    EXPECT_EQ(machine_.refused(answer, at()).timer, 17s);
    machine_.timer(at());
    random_ = 0.5;
    EXPECT_EQ(machine_.refused(answer, at()).timer, 17500ms);
    machine_.timer(at());
    // But not for ever.
    answer.retry_after = 3600s;
    EXPECT_LE(machine_.refused(answer, at()).timer, 121s);
}

TEST_F(ListWatchTest, AListCutInTheMiddleIsBegunAnew) {
    to_pages();
    machine_.accepted(at());
    machine_.page({"50", "token"}, at());
    machine_.accepted(at());
    const auto step = machine_.ended(std::unexpected(cut()), at());
    EXPECT_FALSE(step.end_list);
    EXPECT_TRUE(step.timer);
    const auto again = machine_.timer(at());
    EXPECT_TRUE(again.begin_list);
    EXPECT_EQ(sent(again), "limit=500&resourceVersion=0");
    EXPECT_EQ(machine_.resource_version(), "");
}

TEST_F(ListWatchTest, InitialEventsCutInTheMiddleAreBegunAnew) {
    machine_.start(at());
    machine_.accepted(at());
    machine_.object("90", true, at());
    now_ += 60s;
    const auto step = machine_.ended({}, at());
    EXPECT_FALSE(step.end_list);
    EXPECT_EQ(step.timer, 800ms);
    EXPECT_THAT(sent(machine_.timer(at())), HasSubstr("sendInitialEvents"));
}

TEST_F(ListWatchTest, AMissingResourceIsAnErrorUnlessOptional) {
    machine_.start(at());
    EXPECT_EQ(machine_.refused(refusal(404, "NotFound"), at()).timer, 800ms);
    EXPECT_THAT(log_.take(), ElementsAre(AllOf(HasSubstr("error: "), HasSubstr("does not know"))));
}

TEST_F(ListWatchTest, StopInEveryStateIsFinal) {
    const auto stopped = [&](ListWatch& machine) {
        const auto step = machine.stop();
        EXPECT_TRUE(step.cancel && step.stop_timer);
        EXPECT_EQ(machine.phase(), Phase::stopped);
        for (const auto& late :
             {machine.start(at()), machine.accepted(at()), machine.bookmark({"9", true}, at()),
              machine.refused(kExpired, at()), machine.page({"9", ""}, at()),
              machine.ended({}, at()), machine.timer(at())}) {
            EXPECT_FALSE(late.send || late.timer || late.begin_list || late.end_list ||
                         late.absent);
        }
    };
    ListWatch idle(resource_, log_, observer_);
    stopped(idle);
    ListWatch initial(resource_, log_, observer_);
    initial.start(at());
    stopped(initial);
    ListWatch listing(resource_, log_, observer_);
    listing.start(at());
    listing.refused(refusal(422), at());
    ASSERT_EQ(listing.phase(), Phase::listing);
    stopped(listing);
    ListWatch waiting(resource_, log_, observer_);
    waiting.start(at());
    waiting.ended(std::unexpected(cut()), at());
    ASSERT_EQ(waiting.phase(), Phase::waiting);
    stopped(waiting);
    to_watching();
    stopped(machine_);
}

}  // namespace
}  // namespace sy
