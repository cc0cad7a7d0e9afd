// Inside of Agent. Includes Asio: only for agent*.cpp.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "agent/agent.h"
#include "agent/batch.h"
#include "agent/fd_watch.h"
#include "agent/worker.h"
#include "model/cluster_state.h"

namespace sy {

class Agent::Impl : public std::enable_shared_from_this<Agent::Impl> {
  public:
    Impl(AgentParts parts, AgentOptions options);

    void start();
    void stop();
    void on_events(std::vector<Event> events);
    void on_addresses(std::vector<IpAddr> addresses);
    void reconfigure(const NodeOptions& node, const Pacer::Config& pace,
                     const Quarantine::Config& quarantine);
    void request_audit();

  private:
    /// What the worker found at start.
    struct Adoption {
        Result<void> probed;
        Result<std::unique_ptr<DriftWatch>> watch;
        Result<KernelReport> adopted;
    };

    // Life cycle.
    void begin_adopt();
    void on_adopted(Adoption adoption);
    void on_first_pass(bool whole);
    void follow(Result<std::unique_ptr<DriftWatch>> watch);

    // One step of the loop: starts what is due, arms the timer for what is not.
    void pump();
    void take_due_quarantine(TimePoint now);
    void arm_timer(std::optional<TimePoint> wake);

    // Syncs: one or more batches, the next one selected while the worker commits the one before.
    void begin_sync(TimePoint now);
    Batch next_batch(TimePoint now);
    void submit(Batch batch);
    void on_applied(const Applied& applied);
    void on_apply_failed(const Applied& applied);
    void on_apply_done(const Applied& applied);
    void end_sync(TimePoint now, bool ok);
    void settle_quarantine(const Applied& applied);

    // Facts of the node.
    void set_node_ips();
    void refresh_facts();
    void report_facts(const ComputedFacts& computed);

    // Audits.
    void begin_audit();
    void on_audited(const Result<KernelReport>& report);
    void on_drift_readable();

    // What the backend wants to do later.
    void schedule_tending(std::optional<std::chrono::milliseconds> in);
    void begin_tending();

    /// Runs `on_worker` there and `on_strand` with its result here, unless the agent is gone.
    template <class OnWorker, class OnStrand>
    void run(OnWorker on_worker, OnStrand on_strand) {
        worker_->post([this, weak = weak_from_this(), on_worker = std::move(on_worker),
                       on_strand = std::move(on_strand)]() mutable {
            auto result = on_worker();
            boost::asio::post(
                parts_.io, [weak, result = std::move(result), tend_in = parts_.backend->tend_in(),
                            on_strand = std::move(on_strand)]() mutable {
                    const auto self = weak.lock();
                    if (self && self->worker_) {
                        self->schedule_tending(tend_in);
                        on_strand(std::move(result));
                    }
                });
        });
    }

    AgentParts parts_;
    AgentOptions options_;
    ClusterState state_;
    Pacer pacer_;
    Quarantine quarantine_;
    boost::asio::steady_timer timer_;
    std::optional<TimePoint> timer_at_;

    std::vector<IpAddr> addresses_;
    /// Facts of the next apply, and those the kernel is known to follow (null: not known).
    std::shared_ptr<const NodeFacts> facts_;
    std::shared_ptr<const NodeFacts> facts_in_kernel_;
    bool facts_outdated_ = true;
    std::vector<Family> warned_primary_;
    bool warned_pod_cidrs_ = false;

    bool adopted_ = false;
    unsigned adopt_failures_ = 0;
    bool first_pass_done_ = false;
    bool whole_pass_done_ = false;
    std::optional<TimePoint> lists_complete_at_;
    uint64_t first_pass_writes_ = 0;

    TimePoint sync_begun_at_{};
    bool sync_is_full_ = false;
    bool last_sync_failed_ = false;
    /// Dirty Services the running sync still has to take.
    std::size_t budget_ = 0;
    std::optional<Batch> prepared_;
    /// When the oldest event not yet in a batch arrived.
    std::optional<TimePoint> dirty_since_;

    std::unique_ptr<DriftWatch> drift_;
    std::unique_ptr<FdWatch> drift_fd_;
    TimePoint drift_warned_at_{};

    std::unique_ptr<FlowReconciler> flows_;
    /// Null after stop(). Reset before anything its jobs use.
    std::unique_ptr<Worker> worker_;
};

}  // namespace sy
