#include "backends/ebpf/kernel.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <future>
#include <optional>
#include <ranges>
#include <thread>
#include <utility>

#include "backends/ebpf/kernel/attachment.h"
#include "backends/ebpf/kernel/cgroup.h"
#include "backends/ebpf/kernel/map_set.h"
#include "backends/ebpf/kernel/object.h"
#include "backends/ebpf/kernel/open.h"
#include "backends/ebpf/kernel/pins.h"
#include "backends/ebpf/kernel/probe.h"
#include "backends/ebpf/kernel/skip_list.h"
#include "os/mounts.h"
#include "os/netns.h"

namespace sy::ebpf {
namespace {

PinnedSet& ours(MapSet& maps) {
    return static_cast<PinnedSet&>(maps);  // there are no others
}

class RealKernel final : public Kernel {
  public:
    RealKernel(EbpfSettings settings, Result<uint64_t> host_netns, Log& log)
        : settings_(std::move(settings)),
          host_netns_(std::move(host_netns)),
          log_(log),
          pins_(settings_.bpf_root),
          skip_(settings_, log) {}

    Result<void> probe() override;
    Result<FoundSet> find() override;
    Result<std::unique_ptr<MapSet>> create(const Sizes& sizes, MapSet* like) override;
    Result<void> activate(MapSet& maps) override;
    Result<bool> is_active(const MapSet& maps) override;
    void grace() override;
    Result<bool> remove_all() override;

  private:
    Result<Cgroup> cgroup();
    Result<void> use_settings(PinnedSet& set);
    Result<std::unique_ptr<PinnedSet>> open_set(const Generation& generation);
    Result<Maps> shared_maps(const Sizes& sizes, MapSet* like);
    Result<void> begin_loading(const PinnedSet& set);
    Result<Programs> programs_for(const PinnedSet& set);
    Result<void> run(const Cgroup& cgroup, PinnedSet& set);
    Result<bool> attached_to(const PinnedSet* set);
    Result<void> remove_newer(const Generation& used);
    Result<void> remove_others(const PinnedSet& set);

    EbpfSettings settings_;
    /// Cookie. A kernel too old to tell it can still be cleaned up.
    Result<uint64_t> host_netns_;
    Log& log_;
    Pins pins_;
    SkipList skip_;
    bool warned_of_root_ = false;
    /// The programs of a set that was made, but runs not yet: they are verified while it is filled.
    struct Loading {
        uint64_t generation = 0;
        std::future<Result<Programs>> programs;
    };
    std::optional<Loading> loading_;
};

Result<Cgroup> RealKernel::cgroup() {
    std::string folder = settings_.cgroup_root;
    if (folder.empty()) {
        auto found = find_cgroup2();
        if (!found) {
            return std::unexpected(found.error());
        }
        folder = std::move(*found);
    }
    auto opened = Cgroup::open(folder);
    if (opened && !opened->is_root() && settings_.cgroup_root.empty() && !warned_of_root_) {
        warned_of_root_ = true;
        log_.warning(folder +
                     " is not the root of the cgroup2 hierarchy: sockets of processes that are "
                     "not below it keep to the packet path (in a pod, mount the host's)");
    }
    return opened;
}

Result<void> RealKernel::probe() {
    if (!host_netns_) {
        return std::unexpected(host_netns_.error());
    }
    if (auto mounted = require_bpffs(settings_.bpf_root); !mounted) {
        return mounted;
    }
    const auto where = cgroup();
    return where ? probe_features(*where, log_) : std::unexpected(where.error());
}

// What the settings decide, and nobody else changes. The other flags are the backend's.
Result<void> RealKernel::use_settings(PinnedSet& set) {
    constexpr uint32_t kMine = SY_SETTING_PEERNAME | SY_SETTING_SKIP;
    const auto skips = skip_.use(set);
    if (!skips || !host_netns_) {
        return std::unexpected(skips ? host_netns_.error() : skips.error());
    }
    const uint32_t flags =
        (settings_.show_vip ? SY_SETTING_PEERNAME : 0U) | (*skips ? SY_SETTING_SKIP : 0U);
    sy_settings& shared = *set.arrays().settings;
    std::atomic_ref<__u64>(shared.host_netns).store(*host_netns_, std::memory_order_release);
    const std::atomic_ref<uint32_t> word(shared.flags);
    word.store((word.load() & ~kMine) | flags, std::memory_order_release);
    return {};
}

// Null if it is of another layout.
Result<std::unique_ptr<PinnedSet>> RealKernel::open_set(const Generation& generation) {
    const auto schema = object_schema();
    if (!schema) {
        return std::unexpected(schema.error());
    }
    Maps maps;
    PerMap<MapFacts> facts;
    for (const MapRow& row : map_rows()) {
        auto map = Map::open(generation.folder + "/" + row.name);
        if (!map && map.error().code == ENOENT) {
            return nullptr;
        }
        if (!map) {
            return std::unexpected(map.error());
        }
        facts[row.id] = map->facts();
        maps[row.id] = std::move(*map);
    }
    if (!matches(*schema, facts)) {
        return nullptr;
    }
    const auto layout = read_layout(maps[MapId::layout]);
    if (!layout) {
        return std::unexpected(layout.error());
    }
    return layout->abi == SWITCHYARD_ABI_HASH ? PinnedSet::make(std::move(maps), generation)
                                              : nullptr;
}

// A process that died while it filled a new set has left the old one at work, and complete. If it
// died while it moved the links, then from a set to a newer one that was complete.
Result<FoundSet> RealKernel::find() {
    auto generations = pins_.generations();
    if (!generations) {
        return std::unexpected(generations.error());
    }
    FoundSet found;
    for (const Generation& one : *generations | std::views::reverse) {
        if (!one.finished) {
            if (auto removed = pins_.remove(one); !removed) {
                return std::unexpected(removed.error());
            }
            continue;
        }
        auto set = open_set(one);
        const auto attached = set ? attached_to(set->get()) : std::unexpected(set.error());
        if (!attached) {
            return std::unexpected(attached.error());
        }
        const bool newest = found.maps == nullptr && !found.other_layout;
        if (*attached || newest) {
            found.other_layout = *set == nullptr;
            found.maps = std::move(*set);
        }
        if (*attached) {
            break;
        }
    }
    auto* set = static_cast<PinnedSet*>(found.maps.get());
    auto done = set != nullptr ? remove_newer(set->generation()) : Result<void>();
    if (done && set != nullptr) {
        done = use_settings(*set);
    }
    return done ? Result<FoundSet>(std::move(found)) : std::unexpected(done.error());
}

// Whether the links run on this set, whoever's program.
Result<bool> RealKernel::attached_to(const PinnedSet* set) {
    const auto where = cgroup();
    return set != nullptr && where ? is_attached(pins_, *where, *set) : Result<bool>(false);
}

Result<void> RealKernel::remove_newer(const Generation& used) {
    const auto generations = pins_.generations();
    if (!generations) {
        return std::unexpected(generations.error());
    }
    for (const Generation& one : *generations) {
        if (one.number > used.number) {
            if (auto removed = pins_.remove(one); !removed) {
                return removed;
            }
        }
    }
    return {};
}

// Those that the new set has in common with `like`, or with what is pinned.
Result<Maps> RealKernel::shared_maps(const Sizes& sizes, MapSet* like) {
    Maps shared;
    if (like != nullptr) {
        for (const MapRow& row : map_rows()) {
            const bool same = row.size == nullptr || sizes.*row.size == like->sizes().*row.size;
            if (!same || row.id == MapId::layout) {
                continue;
            }
            auto map = ours(*like).maps()[row.id].share();
            if (!map) {
                return std::unexpected(map.error());
            }
            shared[row.id] = std::move(*map);
        }
        return shared;
    }
    const auto newest = pins_.newest_finished();
    const auto schema = object_schema();
    if (!newest || !schema) {
        return std::unexpected(newest ? schema.error() : newest.error());
    }
    for (const MapRow& row : map_rows()) {
        if (*newest && row.of_sockets) {
            auto map = Map::open((*newest)->folder + "/" + row.name);
            if (map && map->facts() == (*schema)[row.id]) {
                shared[row.id] = std::move(*map);
            }
        }
    }
    return shared;
}

Result<std::unique_ptr<MapSet>> RealKernel::create(const Sizes& sizes, MapSet* like) {
    auto done = require_bpffs(settings_.bpf_root);
    auto maps = done ? shared_maps(sizes, like) : std::unexpected(done.error());
    if (!maps) {
        return std::unexpected(maps.error());
    }
    const bool new_counters = !(*maps)[MapId::counters];
    if (done = make_maps(*maps, sizes, log_); !done) {
        return std::unexpected(done.error());
    }
    auto set = PinnedSet::make(std::move(*maps), {});
    if (!set) {
        return std::unexpected(set.error());
    }
    if (like != nullptr && new_counters) {
        done = (*set)->copy_counters(ours(*like));
    }
    if (done) {
        done = (*set)->set_layout({.abi = SWITCHYARD_ABI_HASH, .program = 0});
    }
    if (done) {
        done = use_settings(**set);
    }
    if (done) {
        done = (*set)->pin(pins_);
    }
    if (done) {
        done = begin_loading(**set);
    }
    if (!done) {
        return std::unexpected(done.error());
    }
    return std::move(*set);
}

Result<void> RealKernel::begin_loading(const PinnedSet& set) {
    Maps maps;
    for (const MapRow& row : map_rows()) {
        auto map = set.maps()[row.id].share();
        if (!map) {
            return std::unexpected(map.error());
        }
        maps[row.id] = std::move(*map);
    }
    loading_ = Loading{.generation = set.generation().number,
                       .programs = std::async(std::launch::async, [this, maps = std::move(maps)] {
                           return load_programs(maps, can_set_retval(), log_);
                       })};
    return {};
}

Result<Programs> RealKernel::programs_for(const PinnedSet& set) {
    auto loading = std::exchange(loading_, std::nullopt);
    return loading && loading->generation == set.generation().number
               ? loading->programs.get()
               : load_programs(set.maps(), can_set_retval(), log_);
}

Result<bool> RealKernel::is_active(const MapSet& maps) {
    const auto& set = static_cast<const PinnedSet&>(maps);
    const auto where = cgroup();
    const auto layout = set.layout();
    if (!where || !layout) {
        return std::unexpected(where ? layout.error() : where.error());
    }
    if (layout->program != program_hash() || !set.is_pinned()) {
        return false;
    }
    return is_attached(pins_, *where, set);
}

Result<void> RealKernel::activate(MapSet& maps) {
    PinnedSet& set = ours(maps);
    auto done = use_settings(set);
    const auto active = done ? is_active(maps) : std::unexpected(done.error());
    if (!active) {
        return std::unexpected(active.error());
    }
    if (!*active) {
        const auto where = cgroup();
        done = where ? run(*where, set) : std::unexpected(where.error());
    }
    return done ? remove_others(set) : done;
}

Result<void> RealKernel::run(const Cgroup& cgroup, PinnedSet& set) {
    const auto start = std::chrono::steady_clock::now();
    const auto programs = programs_for(set);
    if (!programs) {
        return std::unexpected(programs.error());
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    log_.debug("waited " + std::to_string(std::lround(took.count())) +
               " ms until the programs were loaded");
    // Somebody may have tidied up in the folder.
    auto done = set.is_pinned() ? Result<void>() : set.pin(pins_);
    // Until all links are done, they run nobody's program for sure.
    if (done) {
        done = set.set_layout({.abi = SWITCHYARD_ABI_HASH, .program = 0});
    }
    if (done) {
        done = attach(pins_, cgroup, *programs);
    }
    if (done) {
        done = set.set_layout({.abi = SWITCHYARD_ABI_HASH, .program = program_hash()});
    }
    return done;
}

Result<void> RealKernel::remove_others(const PinnedSet& set) {
    const auto generations = pins_.generations();
    if (!generations) {
        return std::unexpected(generations.error());
    }
    for (const Generation& one : *generations) {
        if (one.number != set.generation().number) {
            if (auto removed = pins_.remove(one); !removed) {
                return removed;
            }
        }
    }
    return {};
}

void RealKernel::grace() {
    // A classic grace period. Not there with full dynamic ticks, and maybe forbidden; programs
    // run for microseconds, so that waiting is as good.
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) {
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

Result<bool> RealKernel::remove_all() {
    const auto detached = detach(pins_);
    const auto generations = pins_.generations();
    if (!detached || !generations) {
        return std::unexpected(detached ? generations.error() : detached.error());
    }
    for (const Generation& one : *generations) {
        if (auto removed = pins_.remove(one); !removed) {
            return std::unexpected(removed.error());
        }
    }
    pins_.remove_folders();
    return *detached || !generations->empty();
}

}  // namespace

Result<std::unique_ptr<Kernel>> open_kernel(const EbpfSettings& settings, Log& log) {
    return std::make_unique<RealKernel>(settings, netns_cookie(), log);
}

}  // namespace sy::ebpf
