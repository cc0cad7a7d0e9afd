// Agent: from dirty Services to commits.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "agent/agent_impl.h"

namespace sy {
namespace {

long long microseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

bool concerns_node(const Event& event) {
    if (const auto* upserted = std::get_if<Upserted>(&event)) {
        return std::holds_alternative<Node>(upserted->object) ||
               std::holds_alternative<ServiceCidr>(upserted->object);
    }
    if (const auto* removed = std::get_if<Removed>(&event)) {
        return removed->key.kind == Kind::node || removed->key.kind == Kind::service_cidr;
    }
    return false;
}

}  // namespace

void Agent::Impl::on_events(std::vector<Event> events) {
    if (!worker_) {
        return;
    }
    for (Event& event : events) {
        facts_outdated_ = facts_outdated_ || concerns_node(event);
        state_.apply(std::move(event));
    }
    if (!lists_complete_at_ && state_.complete()) {
        lists_complete_at_ = Clock::now();
    }
    const bool now_whole = state_.whole() && !whole_pass_done_;
    if (facts_outdated_ || state_.has_dirty() || now_whole) {
        if (!dirty_since_) {
            dirty_since_ = Clock::now();
        }
        pacer_.want(Job::apply);
    }
    pump();
}

void Agent::Impl::on_addresses(std::vector<IpAddr> addresses) {
    if (!worker_) {
        return;
    }
    addresses_ = std::move(addresses);
    facts_outdated_ = true;
    pacer_.want(Job::apply);
    pump();
}

void Agent::Impl::pump() {
    if (!worker_ || !adopted_) {
        return;
    }
    const TimePoint now = Clock::now();
    if (!pacer_.is_open()) {
        if (!lists_complete_at_) {
            return;
        }
        pacer_.open();
        pacer_.want(Job::apply);
    }
    take_due_quarantine(now);
    const Step step = pacer_.next(now);
    if (step.job == Job::audit) {
        begin_audit();
    } else if (step.job == Job::apply) {
        begin_sync(now);
    }
    arm_timer(step.wake);
}

void Agent::Impl::take_due_quarantine(TimePoint now) {
    if (quarantine_.empty()) {
        return;
    }
    for (const ServiceName& name : quarantine_.take_due(now)) {
        state_.mark_dirty(name);
        pacer_.want(Job::apply);
    }
}

void Agent::Impl::arm_timer(std::optional<TimePoint> wake) {
    if (!quarantine_.empty()) {
        if (const auto due = quarantine_.next_due()) {
            wake = wake ? std::min(*wake, *due) : *due;
        }
    }
    if (!wake || timer_at_ == wake) {
        return;
    }
    timer_at_ = wake;
    timer_.expires_at(*wake);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self) {
            self->timer_at_.reset();
            self->pump();
        }
    });
}

void Agent::Impl::begin_sync(TimePoint now) {
    pacer_.started(Job::apply);
    refresh_facts();
    budget_ = std::max<std::size_t>(state_.dirty_count(), 1);
    Batch batch = next_batch(now);
    const bool nothing = batch.delta->empty() && batch.last && !batch.complete &&
                         !batch.ends_first_pass && facts_in_kernel_ && *facts_in_kernel_ == *facts_;
    if (nothing) {
        pacer_.skipped();
        pump();
        return;
    }
    submit(std::move(batch));
}

Batch Agent::Impl::next_batch(TimePoint now) {
    const std::size_t before = state_.dirty_count();
    Batch batch;
    batch.delta = std::make_shared<const PlanDelta>(state_.take(options_.batch));
    const std::size_t after = state_.dirty_count();
    budget_ -= std::min(budget_, std::max<std::size_t>(before - std::min(before, after), 1));
    batch.last = budget_ == 0 || after == 0;
    batch.ends_first_pass = !first_pass_done_ && after == 0;
    batch.complete = !whole_pass_done_ && after == 0 && state_.whole();
    batch.since = dirty_since_.value_or(now);
    if (after == 0) {
        dirty_since_.reset();
    }
    return batch;
}

void Agent::Impl::submit(Batch batch) {
    const bool more = !batch.last;
    run(
        [this, batch = std::move(batch), facts = facts_]() mutable {
            Applied applied{.batch = std::move(batch),
                            .facts = std::move(facts),
                            .report = {},
                            .busy = {},
                            .orphans = {}};
            const TimePoint begun = Clock::now();
            applied.report =
                parts_.backend->apply(*applied.batch.delta, *applied.facts, applied.batch.complete);
            applied.busy = Clock::now() - begun;
            if (applied.batch.complete && !applied.report.failure) {
                applied.orphans = parts_.backend->orphaned_udp_frontends();
            }
            return applied;
        },
        [this](const Applied& applied) { on_applied(applied); });
    if (more) {
        prepared_ = next_batch(Clock::now());
    }
}

void Agent::Impl::on_applied(const Applied& applied) {
    if (applied.report.failure) {
        on_apply_failed(applied);
    } else {
        on_apply_done(applied);
    }
    pump();
}

void Agent::Impl::on_apply_failed(const Applied& applied) {
    parts_.log.error("the kernel refused the changes, will retry: " +
                     applied.report.failure->message());
    put_back(applied.batch);
    if (prepared_) {
        put_back(*prepared_);
        prepared_.reset();
    }
    dirty_since_ = applied.batch.since;
    facts_in_kernel_.reset();
    pacer_.finished(Job::apply, Clock::now(), false);
}

void Agent::Impl::put_back(const Batch& batch) {
    for (const auto& plan : batch.delta->changed) {
        state_.mark_dirty(plan->name);
    }
    for (const ServiceName& name : batch.delta->removed) {
        state_.mark_dirty(name);
    }
}

void Agent::Impl::on_apply_done(const Applied& applied) {
    const Batch& batch = applied.batch;
    const ApplyReport& report = applied.report;
    const TimePoint now = Clock::now();
    // Before anything else: the worker shall not wait for the bookkeeping.
    const bool ended = !prepared_;
    if (prepared_) {
        Batch following = std::move(*prepared_);
        prepared_.reset();
        submit(std::move(following));
    }
    facts_in_kernel_ = applied.facts;
    settle_quarantine(applied);
    flows_->committed(*batch.delta, report.quarantined, applied.facts->nodeport_addresses);
    parts_.log.debug(fmt::format(
        "commit changed={} removed={} quarantined={} transactions={} writes={} apply_us={} "
        "latency_us={}",
        batch.delta->changed.size(), batch.delta->removed.size(), report.quarantined.size(),
        report.transactions, report.writes, microseconds(applied.busy),
        microseconds(now - batch.since)));
    if (!first_pass_done_) {
        first_pass_writes_ += report.writes;
        if (batch.ends_first_pass) {
            on_first_pass(batch.complete);
        }
    }
    if (batch.complete) {
        whole_pass_done_ = true;
        flows_->open(applied.orphans);
    }
    if (ended) {
        pacer_.finished(Job::apply, now, true);
        if (state_.has_dirty() || facts_outdated_ || !first_pass_done_) {
            pacer_.want(Job::apply);
        }
    }
}

void Agent::Impl::settle_quarantine(const Applied& applied) {
    const TimePoint now = Clock::now();
    std::unordered_set<ServiceName> failed;
    for (const Quarantined& q : applied.report.quarantined) {
        failed.insert(q.service);
        if (quarantine_.failed(q.service, q.error, now)) {
            parts_.log.error(fmt::format("Service {} cannot be programmed, the others are: {}",
                                         q.service.to_string(), q.error.message()));
        }
    }
    if (quarantine_.size() == failed.size()) {
        return;  // nobody else to be cured
    }
    const auto cure = [&](const ServiceName& name) {
        if (!failed.contains(name) && quarantine_.cured(name)) {
            parts_.log.info(fmt::format("Service {} left quarantine", name.to_string()));
        }
    };
    for (const auto& plan : applied.batch.delta->changed) {
        cure(plan->name);
    }
    for (const ServiceName& name : applied.batch.delta->removed) {
        cure(name);
    }
}

void Agent::Impl::refresh_facts() {
    if (!facts_outdated_ && facts_) {
        return;
    }
    facts_outdated_ = false;
    auto computed = node_facts(options_.node, addresses_, state_.node(), state_.service_cidrs());
    report_facts(computed);
    if (!facts_ || *facts_ != computed.facts) {
        facts_ = std::make_shared<const NodeFacts>(std::move(computed.facts));
    }
}

void Agent::Impl::report_facts(const ComputedFacts& computed) {
    for (const Family family : computed.unknown_primary) {
        if (std::find(warned_primary_.begin(), warned_primary_.end(), family) ==
            warned_primary_.end()) {
            parts_.log.warning(fmt::format(
                "no {} NodePorts: --nodeport-addresses is \"primary\" and no {} address of node "
                "{} is known; give its Node object, --bind-address, or networks in "
                "--nodeport-addresses",
                to_string(family), to_string(family), options_.node_name));
        }
    }
    warned_primary_ = computed.unknown_primary;
    if (computed.missing_pod_cidrs && !warned_pod_cidrs_) {
        parts_.log.warning(fmt::format(
            "pods of this node are not recognised yet: --detect-local-mode is NodeCIDR and no "
            "podCIDRs of node {} are known",
            options_.node_name));
    }
    warned_pod_cidrs_ = computed.missing_pod_cidrs;
}

}  // namespace sy
