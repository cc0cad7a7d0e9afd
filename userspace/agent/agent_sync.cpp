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

/// The kind of object an event tells of; nothing: of a list.
std::optional<Kind> kind_of(const Event& event) {
    struct Visitor {
        Kind operator()(const Service&) const { return Kind::service; }
        Kind operator()(const EndpointSlice&) const { return Kind::endpoint_slice; }
        Kind operator()(const Node&) const { return Kind::node; }
        Kind operator()(const ServiceCidr&) const { return Kind::service_cidr; }
    };
    if (const auto* upserted = std::get_if<Upserted>(&event)) {
        return std::visit(Visitor{}, upserted->object);
    }
    if (const auto* removed = std::get_if<Removed>(&event)) {
        return removed->key.kind;
    }
    return std::nullopt;
}

/// `families` may have changed by an event that tells of an object of `kind`.
void count(ChangesSeen& seen, Kind kind, FamilySet families) {
    const std::size_t changed = families.empty() ? 0 : 1;
    seen.families |= families;
    switch (kind) {
        case Kind::service:
            ++seen.services;
            seen.services_changed += changed;
            break;
        case Kind::endpoint_slice:
            ++seen.slices;
            seen.slices_changed += changed;
            break;
        case Kind::node:
        case Kind::service_cidr:
            // They are node-wide facts, which both families depend on.
            seen.families = FamilySet::both();
            break;
    }
}

}  // namespace

void Agent::Impl::on_events(std::vector<Event> events) {
    if (!worker_) {
        return;
    }
    ChangesSeen seen;
    bool lists_told = false;
    bool node_told = false;
    for (Event& event : events) {
        const auto kind = kind_of(event);
        const auto families = state_.apply(std::move(event));
        if (kind) {
            count(seen, *kind, families);
        }
        lists_told = lists_told || !kind;
        node_told = node_told || kind == Kind::node;
        facts_outdated_ = facts_outdated_ || kind == Kind::node || kind == Kind::service_cidr;
    }
    if (node_told) {
        parts_.observer.on_node(state_.node());
    }
    if (lists_told && !lists_complete_at_) {
        parts_.observer.on_lists(state_.listed(Kind::service), state_.listed(Kind::endpoint_slice));
    }
    parts_.observer.on_changes(seen);
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
    parts_.observer.on_changes({.families = FamilySet::both()});
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
    } else if (step.job == Job::tend) {
        begin_tending();
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
    parts_.observer.on_sync_begun();
    refresh_facts();
    const bool known_facts = facts_in_kernel_ && *facts_in_kernel_ == *facts_;
    sync_begun_at_ = now;
    sync_is_full_ = !first_pass_done_ || last_sync_failed_ || !known_facts;
    budget_ = std::max<std::size_t>(state_.dirty_count(), 1);
    Batch batch = next_batch(now);
    const bool nothing = batch.delta->empty() && batch.last && !batch.complete &&
                         !batch.ends_first_pass && known_facts;
    if (nothing) {
        pacer_.skipped();
        parts_.observer.on_sync_skipped();
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
                            .orphans = {},
                            .fill = {}};
            const TimePoint begun = Clock::now();
            applied.report =
                parts_.backend->apply(*applied.batch.delta, *applied.facts, applied.batch.complete);
            applied.busy = Clock::now() - begun;
            if (applied.batch.complete && !applied.report.failure) {
                applied.orphans = parts_.backend->orphaned_udp_frontends();
            }
            applied.fill = parts_.backend->fill();
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
    state_.put_back(*applied.batch.delta);
    if (prepared_) {
        state_.put_back(*prepared_->delta);
        prepared_.reset();
    }
    dirty_since_ = applied.batch.since;
    facts_in_kernel_.reset();
    end_sync(Clock::now(), false);
}

void Agent::Impl::end_sync(TimePoint now, bool ok) {
    pacer_.finished(Job::apply, now, ok);
    last_sync_failed_ = !ok;
    parts_.observer.on_sync_ended({.ok = ok,
                                   .full = sync_is_full_,
                                   .took = now - sync_begun_at_,
                                   .services = state_.service_count()});
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
    parts_.observer.on_committed({.delta = *batch.delta,
                                  .quarantined = report.quarantined,
                                  .facts = *applied.facts,
                                  .transactions = report.transactions,
                                  .writes = report.writes,
                                  .busy = applied.busy,
                                  .latency = now - batch.since,
                                  .fill = applied.fill});
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
        end_sync(now, true);
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
            parts_.observer.on_quarantined(q.service, q.error);
        }
    }
    if (quarantine_.size() == failed.size()) {
        return;  // nobody else to be cured
    }
    const auto cure = [&](const ServiceName& name) {
        if (!failed.contains(name) && quarantine_.cured(name)) {
            parts_.log.info(fmt::format("Service {} left quarantine", name.to_string()));
            parts_.observer.on_cured(name);
        }
    };
    for (const auto& plan : applied.batch.delta->changed) {
        cure(plan->name);
    }
    for (const ServiceName& name : applied.batch.delta->removed) {
        cure(name);
    }
}

}  // namespace sy
