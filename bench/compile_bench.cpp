// Rate of the pure half: cluster state, policy and compilation, per Service.
#include <benchmark/benchmark.h>

#include "backends/nftables/compile.h"
#include "backends/nftables/numbers.h"
#include "bench/cluster.h"
#include "model/cluster_state.h"

namespace {

using namespace sy;

constexpr uint32_t kServices = 10'000;
constexpr uint32_t kEndpoints = 3;

void fill(ClusterState& state, Symbols& symbols) {
    for (auto& event : bench::make_events(symbols, 0, kServices, kEndpoints)) {
        state.apply(std::move(event));
    }
    for (auto& event : bench::lists_complete()) {
        state.apply(std::move(event));
    }
}

void ingest(benchmark::State& run) {
    for (auto _ : run) {
        run.PauseTiming();
        Symbols symbols;
        ClusterState state(symbols, bench::kNodeName);
        auto events = bench::make_events(symbols, 0, kServices, kEndpoints);
        run.ResumeTiming();
        for (auto& event : events) {
            state.apply(std::move(event));
        }
    }
    run.SetItemsProcessed(static_cast<int64_t>(run.iterations()) * kServices);
}
BENCHMARK(ingest)->Unit(benchmark::kMillisecond);

void select_all(benchmark::State& run) {
    Symbols symbols;
    ClusterState state(symbols, bench::kNodeName);
    fill(state, symbols);
    for (auto _ : run) {
        benchmark::DoNotOptimize(state.take(kServices));
        run.PauseTiming();
        state.mark_all_dirty();
        run.ResumeTiming();
    }
    run.SetItemsProcessed(static_cast<int64_t>(run.iterations()) * kServices);
}
BENCHMARK(select_all)->Unit(benchmark::kMillisecond);

void compile_nftables(benchmark::State& run) {
    Symbols symbols;
    ClusterState state(symbols, bench::kNodeName);
    fill(state, symbols);
    const auto plans = state.take(kServices);
    for (auto _ : run) {
        nft::NumberPool numbers;
        for (const auto& plan : plans.changed) {
            benchmark::DoNotOptimize(nft::compile(*plan, {}, numbers));
        }
    }
    run.SetItemsProcessed(static_cast<int64_t>(run.iterations()) * kServices);
}
BENCHMARK(compile_nftables)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
