// Sync latency of a backend in a network namespace of its own: cold load, single changes and
// bursts through the whole agent, beside the floor of a bare kernel transaction.
#include <malloc.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "agent/agent.h"
#include "backends/registry.h"
#include "bench/cluster.h"
#include "bench/floor.h"
#include "bench/harness.h"
#include "bench/options.h"
#include "tests/support/bpf_scope.h"

namespace sy::bench {
namespace {

constexpr uint32_t kEndpoints = 3;
constexpr uint32_t kChanges = 1000;
constexpr uint32_t kBurst = 1000;

using Time = std::chrono::steady_clock::time_point;

double milliseconds(Time from, Time to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

/// Passes everything on and tells when an apply has returned from the kernel.
class StampingBackend : public Backend {
  public:
    using Adopted = std::function<void()>;
    using Committed = std::function<void(const ApplyReport&)>;

    StampingBackend(std::unique_ptr<Backend> inner, Adopted adopted, Committed committed)
        : inner_(std::move(inner)),
          adopted_(std::move(adopted)),
          committed_(std::move(committed)) {}

    Result<void> probe() override { return inner_->probe(); }
    Result<KernelReport> adopt() override {
        auto report = inner_->adopt();
        adopted_();
        return report;
    }
    ApplyReport apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) override {
        auto report = inner_->apply(delta, facts, complete);
        committed_(report);
        return report;
    }
    Result<KernelReport> audit() override { return inner_->audit(); }
    Result<std::unique_ptr<DriftWatch>> watch() override { return inner_->watch(); }
    Result<void> teardown() override { return inner_->teardown(); }
    std::vector<EndpointAddr> orphaned_udp_frontends() const override {
        return inner_->orphaned_udp_frontends();
    }
    std::vector<MapFill> fill() const override { return inner_->fill(); }

  private:
    std::unique_ptr<Backend> inner_;
    Adopted adopted_;
    Committed committed_;
};

/// An agent on its strand, with events fed from the measuring thread.
class Rig {
  public:
    Rig(const BackendEntry& entry, const BackendSettings& settings) : work_(io_.get_executor()) {
        auto inner = entry.make(settings, log_);
        if (!inner) {
            give_up(inner.error().message());
        }
        auto backend = std::make_unique<StampingBackend>(
            std::move(*inner), [this] { adopted_.set_value(); },
            [this](const ApplyReport& report) { on_commit(report); });
        AgentOptions options;
        options.node_name = kNodeName;
        AgentParts parts{
            .io = io_,
            .log = log_,
            .symbols = symbols_,
            .backend = std::move(backend),
            .prune_flows = [](const UdpSuspects&) { return Result<FlowReport>(FlowReport{}); },
            .observer = observer_,
            .on_synced = [this] { synced_.set_value(std::chrono::steady_clock::now()); },
            .on_bulk_done = [] { malloc_trim(0); },
            .on_fatal = [](const Error& error) { give_up(error.message()); },
        };
        agent_ = std::make_unique<Agent>(std::move(parts), options);
        agent_->on_addresses({IpAddr::v4(192, 168, 50, 1)});
        agent_->start();
        strand_ = std::thread([this] { io_.run(); });
    }
    ~Rig() {
        on_strand([this] {
            agent_->stop();
            agent_.reset();
        });
        work_.reset();
        io_.stop();
        strand_.join();
    }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    Symbols& symbols() { return symbols_; }

    void on_strand(std::function<void()> work) {
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    /// Milliseconds from the end of the lists until the first complete pass is in the kernel.
    double cold(uint32_t services) {
        // In pieces, so that the events themselves do not count as the daemon's memory.
        constexpr uint32_t kPiece = 1000;
        for (uint32_t i = 0; i < services; i += kPiece) {
            on_strand([&] {
                agent_->on_events(
                    make_events(symbols_, i, std::min(services, i + kPiece), kEndpoints));
            });
        }
        // A daemon has probed and read the kernel long before its lists are complete.
        adopted_.get_future().wait();
        const auto begin = std::chrono::steady_clock::now();
        boost::asio::post(io_, [this] { agent_->on_events(lists_complete()); });
        synced_.get_future().wait();
        return milliseconds(begin, last_commit_);
    }

    /// Milliseconds from `events` going in until the commit that brings them in returns.
    double change(std::vector<Event> events) {
        std::promise<Time> committed;
        Time begin;
        boost::asio::post(io_, [&] {
            next_commit_ = &committed;
            begin = std::chrono::steady_clock::now();
            agent_->on_events(std::move(events));
        });
        return milliseconds_to(committed.get_future().get(), begin);
    }

    /// Milliseconds and transactions until `events` are all in the kernel and nothing is left to
    /// do.
    std::pair<double, uint64_t> burst(std::vector<Event> events) {
        const uint64_t before = transactions_;
        Time begin;
        on_strand([&] {
            begin = std::chrono::steady_clock::now();
            for (auto& event : events) {
                agent_->on_events({std::move(event)});
            }
        });
        for (auto seen = commits_.load();;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(150));
            if (const auto now = commits_.load(); now == seen) {
                break;
            } else {
                seen = now;
            }
        }
        return {milliseconds(begin, last_commit_), transactions_ - before};
    }

  private:
    static double milliseconds_to(Time end, Time begin) { return milliseconds(begin, end); }

    void on_commit(const ApplyReport& report) {
        last_commit_ = std::chrono::steady_clock::now();
        transactions_ += report.transactions;
        ++commits_;
        if (report.transactions != 0) {
            if (auto* waiting = next_commit_.exchange(nullptr)) {
                waiting->set_value(last_commit_);
            }
        }
    }

    QuietLog log_;
    AgentObserver observer_;
    Symbols symbols_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::unique_ptr<Agent> agent_;
    std::thread strand_;
    std::promise<void> adopted_;
    std::promise<Time> synced_;
    Time last_commit_;
    std::atomic<uint64_t> transactions_ = 0;
    std::atomic<uint64_t> commits_ = 0;
    std::atomic<std::promise<Time>*> next_commit_ = nullptr;
};

long resident_megabytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) {
            return std::stol(line.substr(6)) / 1024;
        }
    }
    return 0;
}

struct Figures {
    double floor = 0;
    double cold = 0;
    double replaced_p50 = 0;
    double replaced_p99 = 0;
    double resized_p50 = 0;
    double resized_p99 = 0;
    double burst = 0;
    double burst_transactions = 0;
    double megabytes = 0;
};

Figures measure(const Options& options, uint32_t services) {
    if (unshare(CLONE_NEWNET) != 0) {
        give_up("no network namespace of its own: run as root");
    }
    Figures figures;
    figures.floor = nft_floor(services, kEndpoints);
    // Pins and programs of its own; no other process is in that cgroup.
    const auto scope = lab::BpfScope::create();
    if (!scope) {
        give_up(scope.error().message());
    }
    BackendSettings settings = options.settings();
    settings.ebpf.bpf_root = (scope->folder() / "switchyard").string();
    settings.ebpf.cgroup_root = scope->cgroup().string();
    Rig rig(options.entry(), settings);
    figures.cold = rig.cold(services);
    rig.on_strand([] { malloc_trim(0); });
    figures.megabytes = static_cast<double>(resident_megabytes());

    const auto pick = [&](uint32_t n) { return (n * 7919U) % services; };
    std::vector<double> replaced;
    std::vector<double> resized;
    replaced.reserve(kChanges);
    resized.reserve(kChanges);
    for (uint32_t n = 0; n < kChanges; ++n) {
        const auto i = pick(n);
        replaced.push_back(rig.change({Upserted{make_slice(rig.symbols(), i, kEndpoints, n + 1)}}));
    }
    for (uint32_t n = 0; n < kChanges; ++n) {
        auto slice = make_slice(rig.symbols(), pick(n / 2), kEndpoints, kChanges + 1);
        if (n % 2 == 0) {
            slice.endpoints.pop_back();
        }
        resized.push_back(rig.change({Upserted{std::move(slice)}}));
    }
    figures.replaced_p50 = percentile(replaced, 0.5);
    figures.replaced_p99 = percentile(replaced, 0.99);
    figures.resized_p50 = percentile(resized, 0.5);
    figures.resized_p99 = percentile(resized, 0.99);

    std::vector<Event> events;
    events.reserve(kBurst);
    for (uint32_t n = 0; n < std::min(kBurst, services); ++n) {
        events.push_back(Upserted{make_slice(rig.symbols(), n, kEndpoints, 3 * kChanges)});
    }
    const auto [time, transactions] = rig.burst(std::move(events));
    figures.burst = time;
    figures.burst_transactions = static_cast<double>(transactions);
    return figures;
}

int run(const Options& options) {
    std::printf("%s, %u endpoints per Service, medians of %d runs; times in ms\n",
                options.mode.c_str(), kEndpoints, options.runs);
    std::printf("%9s %8s %8s | %s | %s | %s | %s\n", "Services", "floor", "cold",
                "replaced p50/p99", "added/removed p50/p99", "burst of 1000 (transactions)",
                "RSS MB");
    for (const auto services : options.services) {
        std::vector<Figures> all;
        all.reserve(static_cast<std::size_t>(options.runs));
        for (int i = 0; i < options.runs; ++i) {
            // So that every one starts with an empty kernel and a fresh heap.
            const auto figures = apart([&] { return measure(options, services); });
            if (!figures) {
                return 1;
            }
            all.push_back(*figures);
        }
        const auto median = [&](double Figures::* figure) { return median_of(all, figure); };
        std::printf("%9u %8.1f %8.1f | %7.3f %8.3f | %9.3f %11.3f | %14.1f (%.0f) %9s | %.0f\n",
                    services, median(&Figures::floor), median(&Figures::cold),
                    median(&Figures::replaced_p50), median(&Figures::replaced_p99),
                    median(&Figures::resized_p50), median(&Figures::resized_p99),
                    median(&Figures::burst), median(&Figures::burst_transactions), "",
                    median(&Figures::megabytes));
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace
}  // namespace sy::bench

int main(int argc, char** argv) {
    const auto options = sy::bench::read_options(
        "bench", {.services = {1000, 10'000, 30'000, 100'000}, .mode = "nftables", .runs = 3}, argc,
        argv);
    return options ? sy::bench::run(*options) : options.error();
}
