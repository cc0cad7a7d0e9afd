#include "backends/ebpf/observe/observer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "backends/ebpf/kernel/map.h"
#include "backends/ebpf/kernel/pins.h"
#include "backends/ebpf/observe/cgroup_paths.h"
#include "backends/ebpf/observe/decode.h"
#include "os/instance_lock.h"
#include "os/mounts.h"

namespace sy::ebpf {
namespace {

using std::chrono::steady_clock;

/// Some ten thousand events: what a busy node does in a moment in which we are not run.
constexpr uint32_t kRingBytes = 1 << 20;
/// How long programs go on telling an observer that does not renew.
constexpr std::chrono::seconds kAhead{5};

struct FreeRing {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

std::chrono::system_clock::time_point boot_time() {
    return std::chrono::system_clock::now() -
           std::chrono::duration_cast<std::chrono::system_clock::duration>(
               steady_clock::now().time_since_epoch());
}

/// The mount of cgroup2 that `folder` is in, so that names are those of /proc/PID/cgroup; the one
/// of this machine if there is no folder. Empty: not known, and events are told all the same.
std::string cgroup_mount(const std::string& folder) {
    if (folder.empty()) {
        return find_cgroup2().value_or(std::string());
    }
    std::string longest;
    for (const Mount& mount : read_mounts().value_or(std::vector<Mount>{})) {
        const bool holds =
            mount.filesystem == "cgroup2" && (folder + "/").starts_with(mount.folder + "/");
        if (holds && mount.folder.size() > longest.size()) {
            longest = mount.folder;
        }
    }
    return longest.empty() ? folder : longest;
}

/// What an observer uses of one set of maps.
struct ObservedMaps {
    uint64_t generation = 0;
    Map observers;
    Map statistics;
    Map names;
    Mapping names_memory;
    Mapping settings;

    std::string service(uint32_t id) const {
        if (id >= names.facts().max_entries) {
            return {};
        }
        return service_of(static_cast<const sy_name*>(names_memory.data())[id]);
    }

    std::atomic_ref<__u64> deadline() const {
        auto* shared = static_cast<sy_settings*>(settings.data());
        return std::atomic_ref<__u64>(shared->observe_until);
    }

    /// Events that the observer in this slot had no room for, over all CPUs.
    uint64_t untold(uint32_t slot) const {
        const auto bytes = statistics.values(SY_STAT_UNTOLD + slot, 1);
        if (!bytes) {
            return 0;
        }
        uint64_t sum = 0;
        for (std::size_t at = 0; at < bytes->size(); at += sizeof(uint64_t)) {
            uint64_t count = 0;
            std::memcpy(&count, bytes->data() + at, sizeof count);
            sum += count;
        }
        return sum;
    }
};

Result<ObservedMaps> open_maps(const std::string& root) {
    const auto newest = Pins(root).newest_finished();
    if (!newest) {
        return std::unexpected(newest.error());
    }
    if (!*newest) {
        return fail("mode ebpf is not at work here: there are no maps", root);
    }
    ObservedMaps out;
    out.generation = (*newest)->number;
    const auto open = [&](const char* name, Map& map) -> Result<void> {
        auto opened = Map::open((*newest)->folder + "/" + name);
        if (!opened) {
            return std::unexpected(opened.error());
        }
        map = std::move(*opened);
        return {};
    };
    Map settings;
    Map layout;
    for (const auto& [name, map] : {std::pair{"observers", &out.observers},
                                    {"statistics", &out.statistics},
                                    {"names", &out.names},
                                    {"settings", &settings},
                                    {"layout", &layout}}) {
        if (auto opened = open(name, *map); !opened) {
            return std::unexpected(opened.error());
        }
    }
    // Everything else is of no use if the daemon means something else by it.
    sy_layout theirs{};
    const auto words = layout.values(0, 1);
    if (words && words->size() == sizeof theirs) {
        std::memcpy(&theirs, words->data(), sizeof theirs);
    }
    if (theirs.abi != SWITCHYARD_ABI_HASH) {
        return fail("the daemon is of another version; use its own switchyard", root);
    }
    auto names = Mapping::of(out.names, false);
    if (!names) {
        return std::unexpected(names.error());
    }
    out.names_memory = std::move(*names);
    auto shared = Mapping::of(settings);
    if (!shared) {
        return std::unexpected(shared.error());
    }
    out.settings = std::move(*shared);
    return out;
}

class RingObserver : public Observer {
  public:
    RingObserver(ObservedPlaces places, ObservedMaps maps, CgroupPaths cgroups)
        : places_(std::move(places)),
          maps_(std::move(maps)),
          cgroups_(std::move(cgroups)),
          boot_(boot_time()) {}
    RingObserver(const RingObserver&) = delete;
    RingObserver& operator=(const RingObserver&) = delete;

    ~RingObserver() override {
        if (lock_) {
            clear(slot_);
            // Unless another observer has moved it.
            __u64 ours = until_;
            maps_.deadline().compare_exchange_strong(ours, 0);
            lock_->remove();
        }
    }

    Result<void> begin() {
        if (auto made = make_ring(); !made) {
            return made;
        }
        if (auto taken = take_slot(); !taken) {
            return taken;
        }
        clear_dead_slots();
        if (auto put = put_ring(); !put) {
            return put;
        }
        announce();
        return {};
    }

    int fd() const override { return ring_buffer__epoll_fd(ring_.get()); }

    void drain(const Take& take) override {
        take_ = &take;
        ring_buffer__consume(ring_.get());
        take_ = nullptr;
    }

    Result<void> renew() override {
        auto newest = Pins(places_.bpf_root).newest_finished();
        if (newest && *newest && (*newest)->number == maps_.generation) {
            announce();
            return {};
        }
        auto maps = open_maps(places_.bpf_root);
        if (!maps) {
            return std::unexpected(maps.error());
        }
        lost_before_ = lost();
        if (maps->observers.id() != maps_.observers.id()) {
            clear(slot_);
        }
        maps_ = std::move(*maps);
        if (auto put = put_ring(); !put) {
            return put;
        }
        announce();
        return {};
    }

    uint64_t lost() const override { return lost_before_ + maps_.untold(slot_) - untold_at_start_; }

  private:
    static int receive(void* self, void* data, std::size_t size) {
        if (size >= sizeof(sy_event)) {
            sy_event event;
            std::memcpy(&event, data, sizeof event);
            static_cast<RingObserver*>(self)->tell(event);
        }
        return 0;
    }

    void tell(const sy_event& event) {
        Observation seen = decode(event, boot_);
        seen.service = maps_.service(event.id);
        seen.cgroup = cgroups_.path_of(event.cgroup, steady_clock::now());
        (*take_)(seen);
    }

    Result<void> make_ring() {
        auto map = Map::take(
            Fd(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "sy_observer", 0, 0, kRingBytes, nullptr)));
        if (!map) {
            return std::unexpected(map.error());
        }
        ring_map_ = std::move(*map);
        ring_.reset(ring_buffer__new(ring_map_.fd(), &RingObserver::receive, this, nullptr));
        return ring_ ? Result<void>() : fail("read a ring buffer", {}, errno);
    }

    Result<InstanceLock> lock_slot(uint32_t slot) const {
        return InstanceLock::take_for(places_.bpf_root, places_.run_folder,
                                      fmt::format("observer{}", slot));
    }

    Result<void> take_slot() {
        for (uint32_t slot = 0; slot < SY_OBSERVERS; ++slot) {
            auto lock = lock_slot(slot);
            if (lock) {
                slot_ = slot;
                lock_ = std::move(*lock);
                return {};
            }
            if (lock.error().code != 0) {
                return std::unexpected(lock.error());
            }
        }
        return fail(fmt::format("{} observers are at work already; end one of them", SY_OBSERVERS));
    }

    /// Takes away the rings of observers that were killed: programs would go on filling them.
    void clear_dead_slots() {
        for (uint32_t slot = 0; slot < SY_OBSERVERS; ++slot) {
            if (slot == slot_) {
                continue;
            }
            if (auto lock = lock_slot(slot)) {
                clear(slot);
                lock->remove();
            }
        }
    }

    void clear(uint32_t slot) const { bpf_map_delete_elem(maps_.observers.fd(), &slot); }

    Result<void> put_ring() {
        const int ring = ring_map_.fd();
        untold_at_start_ = maps_.untold(slot_);
        if (bpf_map_update_elem(maps_.observers.fd(), &slot_, &ring, BPF_ANY) != 0) {
            return fail("become an observer", places_.bpf_root, errno);
        }
        return {};
    }

    /// Never back: other observers announce themselves in the same word.
    void announce() {
        until_ = static_cast<uint64_t>(
            std::chrono::nanoseconds((steady_clock::now() + kAhead).time_since_epoch()).count());
        auto deadline = maps_.deadline();
        __u64 present = deadline.load(std::memory_order_relaxed);
        while (present < until_ && !deadline.compare_exchange_weak(present, until_)) {
        }
    }

    ObservedPlaces places_;
    ObservedMaps maps_;
    CgroupPaths cgroups_;
    std::chrono::system_clock::time_point boot_;
    Map ring_map_;
    std::unique_ptr<ring_buffer, FreeRing> ring_;
    uint32_t slot_ = 0;
    std::optional<InstanceLock> lock_;
    uint64_t until_ = 0;
    uint64_t lost_before_ = 0;
    uint64_t untold_at_start_ = 0;
    const Take* take_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<Observer>> make_observer(const ObservedPlaces& places) {
    auto maps = open_maps(places.bpf_root);
    if (!maps) {
        return std::unexpected(maps.error());
    }
    auto observer = std::make_unique<RingObserver>(places, std::move(*maps),
                                                   CgroupPaths(cgroup_mount(places.cgroup_root)));
    if (auto begun = observer->begin(); !begun) {
        return std::unexpected(begun.error());
    }
    return observer;
}

}  // namespace sy::ebpf
