// Decides when the worker does what. A value without clock, thread or IO: tests walk it by hand.
#pragma once

#include <array>
#include <chrono>
#include <optional>

#include "agent/clock.h"

namespace sy {

/// What the worker can be told to do in steady state.
enum class Job { apply, audit, tend };

/// The next thing to do: start a job now, or look again at `wake`, or (neither) wait for news.
struct Step {
    std::optional<Job> job;
    std::optional<TimePoint> wake;

    friend bool operator==(const Step&, const Step&) = default;
};

/// One job runs at a time. What is wanted while a job runs coalesces into the next one. The first
/// want after idle is due at once, without any timer.
class Pacer {
  public:
    struct Config {
        /// Pause between the end of one apply and the start of the next; 0: none.
        Duration min_period{0};
        /// Pause after the first failure; doubles with each further one up to `retry_limit`.
        Duration retry_first = std::chrono::milliseconds(100);
        Duration retry_limit = std::chrono::seconds(30);
        /// Pause between the end of one audit and the start of the next: bounds what somebody who
        /// keeps changing our objects can make us do.
        Duration audit_period = std::chrono::milliseconds(200);
    };

    explicit Pacer(const Config& config) : config_(config) {}

    /// Holds for pauses that begin from now on.
    void configure(const Config& config) { config_ = config; }

    /// From now on jobs may start: the lists are complete and the kernel has been read.
    void open() { open_ = true; }
    bool is_open() const { return open_; }

    void want(Job job) { of(job).wanted = true; }
    /// Wants `job` from `at` on; nothing: not at all.
    void schedule(Job job, std::optional<TimePoint> at);
    bool wants(Job job) const { return of(job).wanted; }

    /// What to do at `now`. An audit goes first: an apply on top of foreign changes may fail. What
    /// is to be tended can wait for both.
    Step next(TimePoint now) const;

    /// The caller has started `job`; the want is taken.
    void started(Job job);
    /// `job` has ended. After a failure it is wanted again, later; a failed apply wants an audit
    /// before the retry, for the kernel may not be what we believe.
    void finished(Job job, TimePoint now, bool ok);

    /// The started job turned out to have nothing to do: as if it had not been started.
    void skipped() { running_ = false; }

    bool running() const { return running_; }

  private:
    struct Lane {
        bool wanted = false;
        unsigned failures = 0;
        TimePoint not_before{};
    };

    Lane& of(Job job) { return lanes_[static_cast<std::size_t>(job)]; }
    const Lane& of(Job job) const { return lanes_[static_cast<std::size_t>(job)]; }

    Config config_;
    std::array<Lane, 3> lanes_;
    bool open_ = false;
    bool running_ = false;
};

}  // namespace sy
