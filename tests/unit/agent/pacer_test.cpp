#include "agent/pacer.h"

#include <gtest/gtest.h>

namespace sy {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

Pacer opened(Pacer::Config config = {}) {
    Pacer pacer(config);
    pacer.open();
    return pacer;
}

Step start(Job job) {
    return {.job = job, .wake = {}};
}
Step wait_until(TimePoint time) {
    return {.job = {}, .wake = time};
}

TEST(Pacer, StartsNothingBeforeItIsOpened) {
    Pacer pacer({});
    pacer.want(Job::apply);
    pacer.want(Job::audit);
    EXPECT_EQ(pacer.next(kStart), Step{});
    pacer.open();
    EXPECT_EQ(pacer.next(kStart), start(Job::audit));
}

TEST(Pacer, FirstWantAfterIdleIsDueAtOnce) {
    Pacer pacer = opened();
    EXPECT_EQ(pacer.next(kStart), Step{});
    pacer.want(Job::apply);
    EXPECT_EQ(pacer.next(kStart), start(Job::apply));
}

TEST(Pacer, WantsCoalesceWhileAJobRuns) {
    Pacer pacer = opened();
    pacer.want(Job::apply);
    pacer.started(Job::apply);
    for (int i = 0; i < 100; ++i) {
        pacer.want(Job::apply);
        EXPECT_EQ(pacer.next(kStart), Step{});
    }
    pacer.finished(Job::apply, kStart, true);
    EXPECT_EQ(pacer.next(kStart), start(Job::apply));
    pacer.started(Job::apply);
    pacer.finished(Job::apply, kStart, true);
    EXPECT_EQ(pacer.next(kStart), Step{});
}

TEST(Pacer, MinPeriodCountsFromTheEndOfTheLastApply) {
    Pacer pacer = opened({.min_period = 1s});
    pacer.want(Job::apply);
    pacer.started(Job::apply);
    pacer.finished(Job::apply, kStart + 5s, true);
    pacer.want(Job::apply);
    EXPECT_EQ(pacer.next(kStart + 5s), wait_until(kStart + 6s));
    EXPECT_EQ(pacer.next(kStart + 6s), start(Job::apply));
}

TEST(Pacer, AnApplyThatHadNothingToDoDelaysNothing) {
    Pacer pacer = opened({.min_period = 1s});
    pacer.want(Job::apply);
    pacer.started(Job::apply);
    pacer.skipped();
    pacer.want(Job::apply);
    EXPECT_EQ(pacer.next(kStart), start(Job::apply));
}

TEST(Pacer, FailuresBackOffUpToTheLimitAndSuccessForgetsThem) {
    Pacer pacer = opened({.retry_first = 100ms, .retry_limit = 300ms});
    TimePoint now = kStart;
    for (const auto pause : {100ms, 200ms, 300ms, 300ms}) {
        pacer.want(Job::apply);
        pacer.started(Job::apply);
        pacer.finished(Job::apply, now, false);
        EXPECT_EQ(pacer.next(now), wait_until(now + pause));
        now += pause;
        // The kernel is not what we believed: look first, then retry.
        if (pacer.wants(Job::audit)) {
            EXPECT_EQ(pacer.next(now), start(Job::audit));
            pacer.started(Job::audit);
            pacer.finished(Job::audit, now, true);
        }
        EXPECT_EQ(pacer.next(now), start(Job::apply));
    }
    pacer.started(Job::apply);
    pacer.finished(Job::apply, now, true);
    pacer.want(Job::apply);
    pacer.started(Job::apply);
    pacer.finished(Job::apply, now, false);
    EXPECT_EQ(pacer.next(now).wake, now + 100ms);
}

TEST(Pacer, NewWantsDoNotShortenABackoff) {
    Pacer pacer = opened({.retry_first = 1s});
    pacer.want(Job::apply);
    pacer.started(Job::apply);
    pacer.finished(Job::apply, kStart, false);
    pacer.want(Job::apply);
    EXPECT_EQ(pacer.next(kStart), wait_until(kStart + 1s));
}

TEST(Pacer, AuditsAreRateLimitedAndAppliesGoOnMeanwhile) {
    Pacer pacer = opened({.audit_period = 200ms});
    pacer.want(Job::audit);
    pacer.started(Job::audit);
    pacer.finished(Job::audit, kStart, true);
    pacer.want(Job::audit);
    EXPECT_EQ(pacer.next(kStart), wait_until(kStart + 200ms));
    pacer.want(Job::apply);
    EXPECT_EQ(pacer.next(kStart), start(Job::apply));
    pacer.started(Job::apply);
    pacer.finished(Job::apply, kStart, true);
    EXPECT_EQ(pacer.next(kStart + 200ms), start(Job::audit));
}

TEST(Pacer, TendsWhenItIsDueAndNothingElseIs) {
    Pacer pacer = opened();
    pacer.schedule(Job::tend, kStart + 2s);
    EXPECT_EQ(pacer.next(kStart), wait_until(kStart + 2s));
    pacer.want(Job::apply);
    EXPECT_EQ(pacer.next(kStart + 2s), start(Job::apply));
    pacer.started(Job::apply);
    pacer.finished(Job::apply, kStart + 2s, true);
    EXPECT_EQ(pacer.next(kStart + 2s), start(Job::tend));
    pacer.started(Job::tend);
    pacer.finished(Job::tend, kStart + 3s, false);
    // A failure is not retried by itself: the backend says when again.
    EXPECT_EQ(pacer.next(kStart + 3s), Step{});
    pacer.schedule(Job::tend, kStart + 4s);
    pacer.schedule(Job::tend, std::nullopt);
    EXPECT_EQ(pacer.next(kStart + 5s), Step{});
}

TEST(Backoff, DoublesUpToTheLimit) {
    EXPECT_EQ(backoff(100ms, 30s, 1), 100ms);
    EXPECT_EQ(backoff(100ms, 30s, 4), 800ms);
    EXPECT_EQ(backoff(100ms, 30s, 1000000), 30s);
    EXPECT_EQ(backoff(5s, 1s, 1), 1s);
}

}  // namespace
}  // namespace sy
