// A backend without a kernel: keeps what it was told, can be slow, refuse everything, or refuse
// single Services.
#pragma once

#include <sys/eventfd.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "backends/backend.h"
#include "os/fd.h"

namespace sy {

/// One apply as the backend saw it.
struct SeenApply {
    std::vector<ServiceName> changed;
    std::vector<ServiceName> removed;
    NodeFacts facts;
    bool complete = false;
};

/// Shared by the test (strand) and the backend (worker).
class FakeKernel {
  public:
    /// Until released, apply calls block; `entered` tells how many have begun.
    void hold() {
        const std::lock_guard lock(mutex_);
        held_ = true;
    }
    void release() {
        const std::lock_guard lock(mutex_);
        held_ = false;
        changed_.notify_all();
    }
    void enter() {
        std::unique_lock lock(mutex_);
        ++entered_;
        changed_.wait(lock, [this] { return !held_; });
    }
    std::size_t entered() const {
        const std::lock_guard lock(mutex_);
        return entered_;
    }

    void refuse_next_apply(Error error) {
        const std::lock_guard lock(mutex_);
        refusals_.push_back(std::move(error));
    }
    void poison(const ServiceName& name, Error error) {
        const std::lock_guard lock(mutex_);
        poison_[name] = std::move(error);
    }
    void heal(const ServiceName& name) {
        const std::lock_guard lock(mutex_);
        poison_.erase(name);
    }
    void probe_gives(Result<void> result) { probe_ = std::move(result); }
    void next_adopt_fails(Error error) { adopt_failures_.push_back(std::move(error)); }
    void next_audit_gives(Result<KernelReport> result) {
        const std::lock_guard lock(mutex_);
        audit_results_.push_back(std::move(result));
    }
    void orphans(std::vector<EndpointAddr> frontends) { orphans_ = std::move(frontends); }

    std::vector<SeenApply> applies() const {
        const std::lock_guard lock(mutex_);
        return applies_;
    }
    /// The backend asks to be tended that often; the last time fails.
    void wants_tending(unsigned times) {
        const std::lock_guard lock(mutex_);
        tends_wanted_ = times;
    }
    unsigned tends() const {
        const std::lock_guard lock(mutex_);
        return tends_;
    }
    std::size_t audits() const {
        const std::lock_guard lock(mutex_);
        return audits_;
    }
    std::set<ServiceName> programmed() const {
        const std::lock_guard lock(mutex_);
        return programmed_;
    }
    /// Somebody else touched our objects.
    void drift() {
        const uint64_t one = 1;
        (void)!write(drift_fd(), &one, sizeof one);
    }
    int drift_fd() const { return drift_.get(); }

  private:
    friend class FakeBackend;

    ApplyReport apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) {
        const std::lock_guard lock(mutex_);
        ApplyReport report;
        SeenApply seen{
            .changed = {}, .removed = delta.removed, .facts = facts, .complete = complete};
        for (const auto& plan : delta.changed) {
            seen.changed.push_back(plan->name);
        }
        applies_.push_back(seen);
        if (!refusals_.empty()) {
            report.failure = refusals_.front();
            refusals_.pop_front();
            return report;
        }
        report.transactions = 1;
        for (const ServiceName& name : seen.removed) {
            programmed_.erase(name);
            ++report.writes;
        }
        for (const ServiceName& name : seen.changed) {
            if (const auto bad = poison_.find(name); bad != poison_.end()) {
                report.quarantined.push_back({name, bad->second});
                continue;
            }
            programmed_.insert(name);
            ++report.writes;
        }
        return report;
    }

    Result<KernelReport> audit() {
        const std::lock_guard lock(mutex_);
        ++audits_;
        if (audit_results_.empty()) {
            return KernelReport{};
        }
        auto result = audit_results_.front();
        audit_results_.pop_front();
        return result;
    }

    mutable std::mutex mutex_;
    unsigned tends_wanted_ = 0;
    unsigned tends_ = 0;
    std::condition_variable changed_;
    bool held_ = false;
    std::size_t entered_ = 0;
    std::size_t audits_ = 0;
    std::deque<Error> refusals_;
    std::deque<Error> adopt_failures_;
    std::deque<Result<KernelReport>> audit_results_;
    std::map<ServiceName, Error> poison_;
    std::vector<SeenApply> applies_;
    std::set<ServiceName> programmed_;
    std::vector<EndpointAddr> orphans_;
    Result<void> probe_;
    Fd drift_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
};

class FakeWatch : public DriftWatch {
  public:
    explicit FakeWatch(std::shared_ptr<FakeKernel> kernel) : kernel_(std::move(kernel)) {}
    int fd() const override { return kernel_->drift_fd(); }
    bool drained_drift() override {
        uint64_t count = 0;
        return read(fd(), &count, sizeof count) == sizeof count;
    }

  private:
    std::shared_ptr<FakeKernel> kernel_;
};

class FakeBackend : public Backend {
  public:
    explicit FakeBackend(std::shared_ptr<FakeKernel> kernel) : kernel_(std::move(kernel)) {}

    Result<void> probe() override { return kernel_->probe_; }
    Result<KernelReport> adopt() override {
        if (!kernel_->adopt_failures_.empty()) {
            Error error = kernel_->adopt_failures_.front();
            kernel_->adopt_failures_.pop_front();
            return std::unexpected(std::move(error));
        }
        return KernelReport{};
    }
    ApplyReport apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) override {
        kernel_->enter();
        return kernel_->apply(delta, facts, complete);
    }
    Result<KernelReport> audit() override { return kernel_->audit(); }
    Result<std::unique_ptr<DriftWatch>> watch() override {
        return std::make_unique<FakeWatch>(kernel_);
    }
    Result<void> teardown() override { return {}; }
    std::optional<std::chrono::milliseconds> tend_in() const override {
        const std::lock_guard lock(kernel_->mutex_);
        return kernel_->tends_wanted_ == 0 ? std::nullopt
                                           : std::optional(std::chrono::milliseconds(1));
    }
    Result<void> tend() override {
        const std::lock_guard lock(kernel_->mutex_);
        --kernel_->tends_wanted_;
        ++kernel_->tends_;
        if (kernel_->tends_wanted_ == 0) {
            return fail("tend", "fake kernel");
        }
        return {};
    }
    std::vector<EndpointAddr> orphaned_udp_frontends() const override { return kernel_->orphans_; }
    std::vector<MapFill> fill() const override {
        return {{.map = "frontends",
                 .family = Family::ipv4,
                 .elements = kernel_->programmed().size(),
                 .capacity = 1024}};
    }

  private:
    std::shared_ptr<FakeKernel> kernel_;
};

}  // namespace sy
