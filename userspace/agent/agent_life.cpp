// Agent: start, first pass, audits, stop.
#include <fmt/format.h>

#include <utility>

#include "agent/agent_impl.h"

namespace sy {
namespace {

/// Somebody who keeps changing our objects gets one warning per this time.
constexpr Duration kDriftWarningPeriod = std::chrono::seconds(10);

}  // namespace

Agent::Impl::Impl(AgentParts parts, AgentOptions options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      state_(parts_.symbols, options_.node_name, options_.started),
      pacer_(options_.pace),
      quarantine_(options_.quarantine),
      timer_(parts_.io),
      flows_(std::make_unique<FlowReconciler>(
          parts_.io, parts_.log, parts_.prune_flows,
          [this](const FlowPassEnd& end) { parts_.observer.on_flows_pruned(end); })),
      worker_(std::make_unique<Worker>()) {
    set_node_ips();
}

void Agent::Impl::start() {
    begin_adopt();
}

void Agent::Impl::stop() {
    if (!worker_) {
        return;
    }
    worker_.reset();
    flows_.reset();
    drift_fd_.reset();
    drift_.reset();
    timer_.cancel();
}

void Agent::Impl::reconfigure(const NodeOptions& node, const Pacer::Config& pace,
                              const Quarantine::Config& quarantine) {
    if (!worker_) {
        return;
    }
    options_.node = node;
    options_.pace = pace;
    options_.quarantine = quarantine;
    pacer_.configure(pace);
    quarantine_.configure(quarantine);
    set_node_ips();
    facts_outdated_ = true;
    parts_.observer.on_changes({.families = FamilySet::both()});
    pacer_.want(Job::apply);
    pump();
}

void Agent::Impl::begin_adopt() {
    run(
        [this] {
            Adoption adoption{.probed = parts_.backend->probe(), .watch = {}, .adopted = {}};
            if (adoption.probed) {
                // Before the kernel is read, so that no change in between goes unseen.
                adoption.watch = parts_.backend->watch();
                adoption.adopted = parts_.backend->adopt();
            }
            return adoption;
        },
        [this](Adoption adoption) { on_adopted(std::move(adoption)); });
}

void Agent::Impl::on_adopted(Adoption adoption) {
    if (!adoption.probed) {
        stop();
        parts_.on_fatal(adoption.probed.error());
        return;
    }
    const auto& adopted = adoption.adopted;
    if (!adopted) {
        const Duration pause =
            backoff(options_.pace.retry_first, options_.pace.retry_limit, ++adopt_failures_);
        parts_.log.error("the state of the kernel could not be read, will retry: " +
                         adopted.error().message());
        timer_.expires_after(pause);
        timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (!error && self && self->worker_) {
                self->begin_adopt();
            }
        });
        return;
    }
    adopted_ = true;
    follow(std::move(adoption.watch));
    parts_.log.debug(fmt::format("adopted {} kernel objects", adopted->found));
    pump();
}

void Agent::Impl::on_first_pass(bool whole) {
    first_pass_done_ = true;
    parts_.observer.on_first_sync();
    const auto took = std::chrono::duration<double, std::milli>(Clock::now() - *lists_complete_at_);
    parts_.log.info(fmt::format("synced: {} services, {} writes in {:.0f} ms",
                                state_.service_count(), first_pass_writes_, took.count()));
    if (!whole) {
        parts_.log.warning(
            "not everything could be read: rules of a former process for Services that are not "
            "known stay until it can");
        flows_->open({});
    }
    parts_.on_synced();
    parts_.on_bulk_done();
}

void Agent::Impl::follow(Result<std::unique_ptr<DriftWatch>> watch) {
    if (!watch) {
        parts_.log.warning(
            "changes that others make to our kernel objects will not be noticed "
            "(SIGHUP checks them): " +
            watch.error().message());
        return;
    }
    drift_ = std::move(*watch);
    drift_fd_ = std::make_unique<FdWatch>(parts_.io, drift_->fd(), [this] { on_drift_readable(); });
    drift_fd_->arm();
}

void Agent::Impl::on_drift_readable() {
    if (!drift_->drained_drift()) {
        drift_fd_->arm();
        return;
    }
    // Not armed again until the audit begins: a flood of changes costs nothing until then.
    pacer_.want(Job::audit);
    pump();
}

void Agent::Impl::request_audit() {
    pacer_.want(Job::audit);
    pump();
}

void Agent::Impl::begin_audit() {
    pacer_.started(Job::audit);
    if (drift_) {
        // The audit sees whatever these tell of.
        (void)drift_->drained_drift();
        drift_fd_->arm();
    }
    run([this] { return parts_.backend->audit(); },
        [this](const Result<KernelReport>& report) { on_audited(report); });
}

void Agent::Impl::schedule_tending(std::optional<std::chrono::milliseconds> in) {
    pacer_.schedule(Job::tend, in ? std::optional(Clock::now() + *in) : std::nullopt);
}

void Agent::Impl::begin_tending() {
    pacer_.started(Job::tend);
    run([this] { return parts_.backend->tend(); },
        [this](const Result<void>& done) {
            pacer_.finished(Job::tend, Clock::now(), done.has_value());
            if (!done) {
                parts_.log.warning("endpoints that are gone could not be tended: " +
                                   done.error().message());
            }
            pump();
        });
}

void Agent::Impl::on_audited(const Result<KernelReport>& report) {
    const TimePoint now = Clock::now();
    pacer_.finished(Job::audit, now, report.has_value());
    parts_.observer.on_audited(report);
    if (!report) {
        parts_.log.error("our kernel objects could not be checked, will retry: " +
                         report.error().message());
    } else if (report->drifted > 0 || report->rebuilt) {
        const bool loud =
            drift_warned_at_ == TimePoint{} || now - drift_warned_at_ >= kDriftWarningPeriod;
        if (loud) {
            drift_warned_at_ = now;
        }
        parts_.log.write(loud ? LogLevel::warning : LogLevel::debug,
                         fmt::format("somebody else changed our kernel objects: {} differed{}; "
                                     "repaired",
                                     report->drifted, report->rebuilt ? ", all rebuilt" : ""));
    } else {
        parts_.log.debug(fmt::format("checked {} kernel objects", report->found));
    }
    parts_.on_bulk_done();
    pump();
}

}  // namespace sy
