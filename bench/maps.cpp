// The maps of the eBPF backend alone: without packet path, agent or policy in the measured time.
#include <dirent.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/ebpf/backend/backend.h"
#include "backends/ebpf/kernel/open.h"
#include "bench/cluster.h"
#include "bench/harness.h"
#include "bench/options.h"
#include "model/cluster_state.h"
#include "tests/support/bpf_scope.h"

namespace sy::bench {
namespace {

constexpr uint32_t kEndpoints = 3;
constexpr uint32_t kChanges = 2000;
constexpr int kRuns = 5;
/// Services per apply, as the agent does it.
constexpr std::size_t kBatch = 2048;

using Clock = std::chrono::steady_clock;

/// A packet path that takes no time.
struct NoPacketPath : Backend {
    Result<void> probe() override { return {}; }
    Result<KernelReport> adopt() override { return KernelReport{}; }
    ApplyReport apply(const PlanDelta&, const NodeFacts&, bool) override { return {}; }
    Result<KernelReport> audit() override { return KernelReport{}; }
    Result<std::unique_ptr<DriftWatch>> watch() override { return nullptr; }
    Result<void> teardown() override { return {}; }
    std::vector<EndpointAddr> orphaned_udp_frontends() const override { return {}; }
    std::vector<MapFill> fill() const override { return {}; }
};

double milliseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

/// What all BPF maps this process has open take of the kernel's memory, in MB.
double locked_megabytes() {
    std::map<long, double> bytes;  // by map id
    const std::string folder = "/proc/self/fdinfo";
    DIR* listing = ::opendir(folder.c_str());
    while (const dirent* entry = listing == nullptr ? nullptr : ::readdir(listing)) {
        std::ifstream info(folder + "/" + entry->d_name);
        double memlock = -1;
        long id = -1;
        for (std::string word; info >> word;) {
            if (word == "memlock:") {
                info >> memlock;
            } else if (word == "map_id:") {
                info >> id;
            }
        }
        if (id >= 0 && memlock >= 0) {
            bytes[id] = memlock;
        }
    }
    if (listing != nullptr) {
        ::closedir(listing);
    }
    double sum = 0;
    for (const auto& [id, size] : bytes) {
        sum += size;
    }
    return sum / (1024.0 * 1024.0);
}

struct Figures {
    double cold = 0;
    double replaced_p50 = 0;  // microseconds
    double replaced_p99 = 0;
    double resized_p50 = 0;
    double service_p50 = 0;
    double replaced_transactions = 0;
    double megabytes = 0;
    double again = 0;
};

class Rig {
  public:
    explicit Rig(const EbpfSettings& settings) : settings_(settings) { open(); }

    void load(uint32_t services) {
        for (auto& event : make_events(symbols_, 0, services, kEndpoints)) {
            state_.apply(std::move(event));
        }
        for (auto& event : lists_complete()) {
            state_.apply(std::move(event));
        }
    }
    /// Milliseconds for everything that is pending.
    double apply_all() {
        Clock::duration all{};
        while (state_.has_dirty()) {
            const auto delta = state_.take(kBatch);
            const bool complete = !state_.has_dirty();
            all += timed(delta, complete);
        }
        return milliseconds(all);
    }
    double change(Event event) {
        state_.apply(std::move(event));
        return apply_all() * 1000;
    }
    /// Another process on what is there.
    double again() {
        backend_.reset();
        open();
        state_.mark_all_dirty();
        return adopted_ + apply_all();
    }
    Symbols& symbols() { return symbols_; }
    uint64_t transactions() const { return transactions_; }
    void end() { (void)backend_->teardown(); }

  private:
    void open() {
        auto kernel = ebpf::open_kernel(settings_, log_);
        if (!kernel) {
            give_up(kernel.error().message());
        }
        backend_ = std::make_unique<ebpf::EbpfBackend>(
            ebpf::Parts{.companion = std::make_unique<NoPacketPath>(),
                        .kernel = std::move(*kernel),
                        .make_pruner = [] { return nullptr; },
                        .make_reader = [] { return nullptr; }},
            settings_, log_);
        if (const auto probed = backend_->probe(); !probed) {
            give_up(probed.error().message());
        }
        const auto begin = Clock::now();
        if (const auto adopted = backend_->adopt(); !adopted) {
            give_up(adopted.error().message());
        }
        adopted_ = milliseconds(Clock::now() - begin);
    }
    Clock::duration timed(const PlanDelta& delta, bool complete) {
        const auto begin = Clock::now();
        const auto report = backend_->apply(delta, {}, complete);
        const auto end = Clock::now();
        if (report.failure) {
            give_up(report.failure->message());
        }
        transactions_ += report.transactions;
        return end - begin;
    }

    EbpfSettings settings_;
    QuietLog log_;
    Symbols symbols_;
    ClusterState state_{symbols_, kNodeName};
    std::unique_ptr<ebpf::EbpfBackend> backend_;
    double adopted_ = 0;
    uint64_t transactions_ = 0;
};

Figures measure(uint32_t services) {
    if (::unshare(CLONE_NEWNET) != 0) {
        give_up("no network namespace of its own: run as root");
    }
    const auto scope = lab::BpfScope::create();
    if (!scope) {
        give_up(scope.error().message());
    }
    EbpfSettings settings;
    settings.bpf_root = (scope->folder() / "switchyard").string();
    settings.cgroup_root = scope->cgroup().string();
    Rig rig(settings);
    rig.load(services);
    Figures figures;
    figures.cold = rig.apply_all();
    figures.megabytes = locked_megabytes();
    const auto pick = [&](uint32_t n) { return (n * 7919U) % services; };
    std::vector<double> replaced;
    std::vector<double> resized;
    std::vector<double> service;
    for (auto* times : {&replaced, &resized, &service}) {
        times->reserve(kChanges);
    }
    const auto before = rig.transactions();
    for (uint32_t n = 0; n < kChanges; ++n) {
        replaced.push_back(
            rig.change(Upserted{make_slice(rig.symbols(), pick(n), kEndpoints, n + 1)}));
    }
    figures.replaced_transactions = static_cast<double>(rig.transactions() - before) / kChanges;
    for (uint32_t n = 0; n < kChanges; ++n) {
        auto slice = make_slice(rig.symbols(), pick(n / 2), kEndpoints, kChanges + 1);
        if (n % 2 == 0) {
            slice.endpoints.pop_back();
        }
        resized.push_back(rig.change(Upserted{std::move(slice)}));
    }
    for (uint32_t n = 0; n < kChanges; ++n) {
        auto object = make_service(services + n / 2);
        service.push_back(
            n % 2 == 0 ? rig.change(Upserted{object})
                       : rig.change(Removed{{Kind::service, object.name.ns, object.name.name}}));
    }
    figures.replaced_p50 = percentile(replaced, 0.5);
    figures.replaced_p99 = percentile(replaced, 0.99);
    figures.resized_p50 = percentile(resized, 0.5);
    figures.service_p50 = percentile(service, 0.5);
    figures.again = rig.again();
    rig.end();
    return figures;
}

int run(const std::vector<uint32_t>& sizes) {
    std::printf("eBPF maps alone, %u endpoints per Service, medians of %d runs\n", kEndpoints,
                kRuns);
    std::printf("%9s | %8s %9s | %16s %9s | %10s | %11s | %9s\n", "Services", "cold ms", "again ms",
                "replaced us p50", "p99", "resized us", "+/- Svc us", "locked MB");
    for (const auto services : sizes) {
        std::vector<Figures> all;
        all.reserve(kRuns);
        for (int run = 0; run < kRuns; ++run) {
            const auto figures = apart([&] { return measure(services); });
            if (!figures) {
                return 1;
            }
            all.push_back(*figures);
        }
        const auto median = [&](double Figures::* figure) { return median_of(all, figure); };
        std::printf(
            "%9u | %8.1f %9.1f | %16.2f %9.2f | %10.2f | %11.2f | %9.1f  (%.3f syscalls per "
            "replaced endpoint)\n",
            services, median(&Figures::cold), median(&Figures::again),
            median(&Figures::replaced_p50), median(&Figures::replaced_p99),
            median(&Figures::resized_p50), median(&Figures::service_p50),
            median(&Figures::megabytes), median(&Figures::replaced_transactions));
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace
}  // namespace sy::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto options = sy::bench::read_options(
        "bench maps", {.services = {1000, 10'000, 30'000, 100'000}}, argc, argv);
    return options ? sy::bench::run(options->services) : options.error();
}
