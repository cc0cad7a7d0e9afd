#include "bench/compare/measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "bench/harness.h"

namespace sy::bench {
namespace {

using namespace std::chrono_literals;

/// Services that are asked whether they answer yet: enough to see the last one of any order.
constexpr uint32_t kSampled = 256;
constexpr auto kPatience = 20ms;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

double milliseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const std::string all = text.str();
    return all.size() > 2000 ? all.substr(all.size() - 2000) : all;
}

}  // namespace

Session::Session(Stage& stage, const Contender& contender, const Effort& effort)
    : stage_(stage),
      effort_(effort),
      kernel_before_(kernel_megabytes()),
      started_(Clock::now()),
      proxy_(stage.command(contender), stage.log()) {}

void Session::must_run_on() {
    if (!proxy_.running()) {
        give_up("the proxy has ended:\n" + text_of(stage_.log()));
    }
}

Measured Session::cold() {
    const uint32_t services = stage_.services();
    const uint32_t count = std::min(services, kSampled);
    for (uint32_t k = 0; k < count; ++k) {
        const auto index =
            count == 1 ? 0 : static_cast<uint32_t>(uint64_t{k} * (services - 1) / (count - 1));
        while (!answers(stage_.frontend(index), kPatience)) {
            must_run_on();
            if (seconds_since(started_) > effort_.start_seconds) {
                give_up(fmt::format("Service {} does not answer after {:.0f} s", index,
                                    effort_.start_seconds));
            }
        }
    }
    Measured cold{.metric = "cold"};
    cold.values["ready_ms"] = seconds_since(started_) * 1000;
    cold.values["cpu_s"] = proxy_.cpu();
    // Probes come last in their lists; a series must not begin before they answer.
    for (uint32_t i = 0; i < kProbes; ++i) {
        followed(i, 0, Clock::now());
    }
    stage_.forget_unanswered();
    std::this_thread::sleep_for(1s);
    cold.values["rss_mb"] = proxy_.megabytes("VmRSS:");
    cold.values["peak_mb"] = proxy_.megabytes("VmHWM:");
    cold.values["kernel_mb"] = std::max(0.0, kernel_megabytes() - kernel_before_);
    return cold;
}

double Session::followed(uint32_t probe, uint32_t generation, Clock::time_point begin) {
    const auto limit = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(effort_.change_seconds));
    const auto took = prober_.first_at(stage_.probe(probe),
                                       stage_.probe_endpoint(probe, generation), begin, limit);
    if (!took) {
        must_run_on();
        give_up(fmt::format("a change was not followed in {:.0f} s", effort_.change_seconds));
    }
    return milliseconds(*took);
}

double Session::one_move() {
    const uint32_t probe = moves_ % kProbes;
    const uint32_t generation = moves_ / kProbes + 1;
    ++moves_;
    const auto begin = Clock::now();
    stage_.move_probe(probe, generation);
    return followed(probe, generation, begin);
}

// So that changes meet a proxy at rest, and at any moment of a period it may have.
void Session::pause() {
    std::this_thread::sleep_for(5ms + std::chrono::microseconds(random_() % 10'000));
}

Measured Session::change() {
    for (int i = 0; i < 3; ++i) {
        one_move();
        pause();
    }
    Measured change{.metric = "change"};
    auto& latencies = change.samples["latency_ms"];
    const auto begin = Clock::now();
    const double before = proxy_.cpu();
    while (latencies.size() < effort_.changes && seconds_since(begin) < effort_.series_seconds) {
        latencies.push_back(one_move());
        pause();
    }
    change.values["cpu_ms"] =
        (proxy_.cpu() - before) * 1000 / static_cast<double>(latencies.size());
    change.values["p50_ms"] = percentile(latencies, 0.5);
    change.values["p99_ms"] = percentile(latencies, 0.99);
    return change;
}

Measured Session::create() {
    Measured create{.metric = "create"};
    auto& latencies = create.samples["latency_ms"];
    const auto begin = Clock::now();
    for (uint32_t i = kProbes;
         latencies.size() < effort_.creations && seconds_since(begin) < effort_.series_seconds;
         ++i) {
        const auto created = Clock::now();
        stage_.create_probe(i);
        latencies.push_back(followed(i, 0, created));
        stage_.remove_probe(i);
        pause();
    }
    create.values["p50_ms"] = percentile(latencies, 0.5);
    create.values["p99_ms"] = percentile(latencies, 0.99);
    return create;
}

Measured Session::burst() {
    const uint32_t count = std::min(effort_.burst, stage_.services());
    Measured burst{.metric = "burst"};
    const double before = proxy_.cpu();
    ++generation_;
    const uint32_t probe = moves_ % kProbes;
    const uint32_t generation = moves_ / kProbes + 1;
    ++moves_;
    const auto begin = Clock::now();
    for (uint32_t i = 0; i < count; ++i) {
        stage_.change(i, generation_);
    }
    stage_.move_probe(probe, generation);
    burst.values["ms"] = followed(probe, generation, begin);
    burst.values["changes"] = count + 1;
    std::this_thread::sleep_for(1s);
    burst.values["cpu_s"] = proxy_.cpu() - before;
    return burst;
}

Measured Session::churn(double per_second) {
    Measured churn{.metric = "churn"};
    auto& latencies = churn.samples["latency_ms"];
    std::atomic<bool> stop = false;
    std::atomic<uint64_t> made = 0;
    const double before = proxy_.cpu();
    const auto begin = Clock::now();
    std::thread changes([&] {
        const auto period = std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double>(1 / per_second));
        auto next = Clock::now();
        for (uint32_t n = 0; !stop; ++n) {
            if (n % stage_.services() == 0) {
                ++generation_;
            }
            stage_.change(static_cast<uint32_t>(uint64_t{n} * 7919 % stage_.services()),
                          generation_ + n);
            ++made;
            next += period;
            std::this_thread::sleep_until(next);
        }
    });
    while (seconds_since(begin) < effort_.churn_seconds) {
        latencies.push_back(one_move());
        std::this_thread::sleep_for(50ms + std::chrono::microseconds(random_() % 50'000));
    }
    const double seconds = seconds_since(begin);
    churn.values["cpu_percent"] = (proxy_.cpu() - before) / seconds * 100;
    churn.values["rate"] = per_second;
    churn.values["made_per_s"] = static_cast<double>(made) / seconds;
    churn.values["p50_ms"] = percentile(latencies, 0.5);
    churn.values["p99_ms"] = percentile(latencies, 0.99);
    stop = true;
    changes.join();
    generation_ += static_cast<uint32_t>(made);
    // What is left of the changes must not count as what follows.
    one_move();
    std::this_thread::sleep_for(500ms);
    return churn;
}

Measured Session::idle() {
    std::this_thread::sleep_for(1s);
    const double cpu = proxy_.cpu();
    const double switches = proxy_.switches();
    const auto begin = Clock::now();
    std::this_thread::sleep_for(std::chrono::duration<double>(effort_.idle_seconds));
    const double seconds = seconds_since(begin);
    Measured idle{.metric = "idle"};
    idle.values["cpu_percent"] = (proxy_.cpu() - cpu) / seconds * 100;
    idle.values["wakeups_per_s"] = std::max(0.0, proxy_.switches() - switches) / seconds;
    idle.values["rss_mb"] = proxy_.megabytes("VmRSS:");
    idle.values["kernel_mb"] = std::max(0.0, kernel_megabytes() - kernel_before_);
    must_run_on();
    return idle;
}

}  // namespace sy::bench
