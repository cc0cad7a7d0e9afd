// An agent with a backend that has no kernel, and the strand in the hands of the test.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/agent.h"
#include "fake_backend.h"

namespace sy {

inline const Error kNoMemory{.what = "commit", .on = {}, .code = 12};
/// Pauses that a test does not care about.
inline constexpr auto kMoment = std::chrono::milliseconds(1);
inline const Error kInvalid{.what = "add element", .on = {}, .code = 22};

class RecordingLog : public Log {
  public:
    void write(LogLevel level, std::string_view message) override {
        const std::lock_guard lock(mutex_);
        if (level != LogLevel::debug) {
            lines_.emplace_back(message);
        }
    }
    std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

inline ServiceName name(int i) {
    return {"default", fmt::format("s{}", i)};
}

inline Event service(int i, uint16_t port = 80, Protocol protocol = Protocol::tcp) {
    Service object;
    object.name = name(i);
    object.cluster_ip = IpAddr::v4(10, 96, static_cast<uint8_t>(i / 256), static_cast<uint8_t>(i));
    ServicePort service_port;
    service_port.port = Port{port};
    service_port.protocol = protocol;
    object.ports.push_back(service_port);
    return Upserted{object};
}

inline Event gone(int i) {
    return Removed{{.kind = Kind::service, .ns = name(i).ns, .name = name(i).name}};
}

inline std::vector<Event> lists_of(int services) {
    std::vector<Event> events;
    for (int i = 0; i < services; ++i) {
        events.push_back(service(i));
    }
    for (const Kind kind : {Kind::service, Kind::endpoint_slice, Kind::node, Kind::service_cidr}) {
        events.push_back(Listed{kind});
    }
    return events;
}

/// Keeps what the agent tells, as words.
class RecordingObserver : public AgentObserver {
  public:
    void on_changes(const ChangesSeen& seen) override {
        changes.push_back(seen);
        words.emplace_back("changes");
    }
    void on_lists(bool services, bool slices) override {
        words.push_back(fmt::format("lists {} {}", services, slices));
    }
    void on_node(const Node* node) override {
        words.push_back(node == nullptr ? "no node" : "node " + node->name);
    }
    void on_sync_begun() override { words.emplace_back("begun"); }
    void on_sync_skipped() override { words.emplace_back("skipped"); }
    void on_committed(const Commit& commit) override {
        words.push_back(fmt::format("committed {}", commit.delta.changed.size()));
        triggers.insert(triggers.end(), commit.delta.triggers.begin(), commit.delta.triggers.end());
        fill.assign(commit.fill.begin(), commit.fill.end());
    }
    void on_sync_ended(const SyncEnd& end) override {
        words.push_back(
            fmt::format("{} {}", end.full ? "full" : "partial", end.ok ? "ok" : "failed"));
    }
    void on_first_sync() override { words.emplace_back("first"); }
    void on_quarantined(const ServiceName& name, const Error&) override {
        words.push_back("bad " + name.name);
    }
    void on_cured(const ServiceName& name) override { words.push_back("good " + name.name); }
    void on_audited(const Result<KernelReport>& report) override {
        words.push_back(report ? fmt::format("audited {}", report->drifted) : "audit failed");
    }
    void on_flows_pruned(const FlowPassEnd& end) override { passes.push_back(end); }

    std::vector<std::string> take() { return std::exchange(words, {}); }

    std::vector<std::string> words;
    std::vector<ChangesSeen> changes;
    std::vector<Trigger> triggers;
    std::vector<MapFill> fill;
    std::vector<FlowPassEnd> passes;
};

class AgentTest : public testing::Test {
  protected:
    void make() {
        agent_.emplace(
            AgentParts{
                .io = io_,
                .log = log_,
                .symbols = symbols_,
                .backend = std::make_unique<FakeBackend>(kernel_),
                .prune_flows = [this](const UdpSuspects& suspects) -> Result<FlowReport> {
                    const std::lock_guard lock(mutex_);
                    passes_.push_back(suspects);
                    return FlowReport{};
                },
                .observer = observer_,
                .on_synced = [this] { synced_ = true; },
                .on_bulk_done = [] {},
                .on_fatal = [this](const Error& error) { fatal_ = error; },
            },
            options_);
        agent_->on_addresses({IpAddr::v4(192, 0, 2, 10)});
        agent_->start();
    }

    void make_synced(int services) {
        make();
        agent_->on_events(lists_of(services));
        until([this] { return synced_; });
        EXPECT_EQ(kernel_->audits(), 0U) << "nothing was missed since the kernel was read";
        drain();
    }

    /// Runs the strand until `done`; the time limit only keeps a broken test from hanging.
    void until(const std::function<bool()>& done) {
        const auto limit = Clock::now() + std::chrono::seconds(60);
        while (!done()) {
            ASSERT_LT(Clock::now(), limit) << "the agent never got there";
            io_.run_one_for(std::chrono::milliseconds(20));
        }
    }
    void drain() {
        while (io_.poll() > 0) {
        }
    }
    std::vector<UdpSuspects> passes() const {
        const std::lock_guard lock(mutex_);
        return passes_;
    }

    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    RecordingLog log_;
    RecordingObserver observer_;
    Symbols symbols_;
    std::shared_ptr<FakeKernel> kernel_ = std::make_shared<FakeKernel>();
    AgentOptions options_{
        .node_name = "n1",
        .node = {},
        .pace = {.retry_first = kMoment, .retry_limit = 5 * kMoment, .audit_period = kMoment},
        .quarantine = {.retry_first = kMoment, .retry_limit = 5 * kMoment},
        .batch = 8192,
        .started = {}};
    mutable std::mutex mutex_;
    std::vector<UdpSuspects> passes_;
    bool synced_ = false;
    std::optional<Error> fatal_;
    std::optional<Agent> agent_;  // last: its worker uses the rest
};

}  // namespace sy
