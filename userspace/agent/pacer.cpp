#include "agent/pacer.h"

#include <algorithm>

namespace sy {

Step Pacer::next(TimePoint now) const {
    Step step;
    if (!open_ || running_) {
        return step;
    }
    for (const Job job : {Job::audit, Job::apply, Job::tend}) {
        const Lane& lane = of(job);
        if (!lane.wanted) {
            continue;
        }
        if (lane.not_before <= now) {
            return Step{.job = job, .wake = {}};
        }
        step.wake = step.wake ? std::min(*step.wake, lane.not_before) : lane.not_before;
    }
    return step;
}

void Pacer::schedule(Job job, std::optional<TimePoint> at) {
    Lane& lane = of(job);
    lane.wanted = at.has_value();
    lane.not_before = at.value_or(TimePoint{});
}

void Pacer::started(Job job) {
    running_ = true;
    of(job).wanted = false;
}

void Pacer::finished(Job job, TimePoint now, bool ok) {
    running_ = false;
    Lane& lane = of(job);
    if (ok || job == Job::tend) {
        lane.failures = 0;
    }
    if (job == Job::tend) {
        return;  // the backend says when again
    }
    if (ok) {
        lane.not_before = now + (job == Job::apply ? config_.min_period : config_.audit_period);
        return;
    }
    ++lane.failures;
    lane.wanted = true;
    lane.not_before = now + backoff(config_.retry_first, config_.retry_limit, lane.failures);
    if (job == Job::apply) {
        Lane& audit = of(Job::audit);
        if (!audit.wanted) {
            audit.wanted = true;
            audit.not_before = std::max(audit.not_before, lane.not_before);
        }
    }
}

}  // namespace sy
