#include "bench/compare/floors.h"

#include <bpf/bpf.h>
#include <sched.h>

#include <array>
#include <chrono>
#include <vector>

#include "bench/floor.h"
#include "bench/harness.h"
#include "os/fd.h"

namespace sy::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRepeats = 21;
constexpr uint32_t kWrites = 1000;

/// Median microseconds of one write into a hash of so many entries, of the size of a frontend's.
double map_write(uint32_t entries) {
    struct Key {
        std::array<uint32_t, 6> words;
    };
    struct Value {
        std::array<uint32_t, 8> words;
    };
    const Fd map(bpf_map_create(BPF_MAP_TYPE_HASH, "sy_floor", sizeof(Key), sizeof(Value),
                                entries + kWrites, nullptr));
    if (map.get() < 0) {
        give_up("no BPF map: run as root");
    }
    const auto write = [&](uint32_t number) {
        const Key key{{number}};
        const Value value{{number}};
        return bpf_map_update_elem(map.get(), &key, &value, BPF_ANY);
    };
    for (uint32_t i = 0; i < entries; ++i) {
        (void)write(i);
    }
    std::vector<double> times;
    times.reserve(kWrites);
    for (uint32_t i = 0; i < kWrites; ++i) {
        const auto begin = Clock::now();
        (void)write(i * 7919U % (entries + kWrites));
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    }
    return percentile(times, 0.5);
}

double median_batch(uint32_t services, uint32_t endpoints, int repeats) {
    std::vector<double> times;
    times.reserve(static_cast<std::size_t>(repeats));
    for (int i = 0; i < repeats; ++i) {
        times.push_back(nft_floor(services, endpoints));
    }
    return percentile(times, 0.5);
}

}  // namespace

Measured floors(uint32_t services, uint32_t endpoints) {
    if (::unshare(CLONE_NEWNET) != 0) {
        give_up("no network namespace of its own: run as root");
    }
    Measured floor{.metric = "floor"};
    floor.values["batch_ms"] = median_batch(services, endpoints, 1);
    floor.values["one_ms"] = median_batch(1, endpoints, kRepeats);
    floor.values["map_write_us"] = map_write(services);
    return floor;
}

}  // namespace sy::bench
