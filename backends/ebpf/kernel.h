// The kernel seam of the eBPF backend: sets of maps, and the programs that read one of them.
//
// Arrays are mapped memory, so most of the backend's work are stores and loads that cannot fail.
// What is behind this seam: making, pinning and finding maps, the frontend hashes, programs and
// links, grace periods. Nothing here knows what the contents mean.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/ebpf/sizes.h"
#include "base/ip.h"
#include "base/result.h"
#include "bpf/abi.h"

namespace sy::ebpf {

/// An element of a frontend hash. `Key` is sy_frontend4 or sy_frontend6.
template <class Key>
struct FrontendEntry {
    Key key{};
    uint64_t word = 0;
};
using Frontend4 = FrontendEntry<sy_frontend4>;
using Frontend6 = FrontendEntry<sy_frontend6>;

/// The arrays of a set as memory shared with the programs; as long as the set lives. Words that are
/// published (services, slots in use, endpoints4 in use) must be stored with
/// std::atomic_ref<uint64_t> and release order.
struct Arrays {
    std::span<uint64_t> services;
    std::span<uint64_t> slots;
    std::span<uint64_t> endpoints4;
    std::span<sy_endpoint6> endpoints6;
    std::span<uint64_t> affinity;
    std::span<sy_name> names;
    sy_settings* settings = nullptr;
};

/// One complete set of maps. Exists in the kernel as long as it is pinned or this object lives; the
/// destructor removes nothing from the kernel.
class MapSet {
  public:
    virtual ~MapSet() = default;

    virtual const Sizes& sizes() const = 0;
    virtual Arrays arrays() = 0;

    /// Inserts or replaces. The hashes' own limits are the caller's to keep (E2BIG otherwise);
    /// after a failure some of the entries may have been written.
    virtual Result<void> put(std::span<const Frontend4> entries) = 0;
    virtual Result<void> put(std::span<const Frontend6> entries) = 0;
    /// Keys that do not exist are no failure.
    virtual Result<void> erase(std::span<const sy_frontend4> keys) = 0;
    virtual Result<void> erase(std::span<const sy_frontend6> keys) = 0;
    virtual Result<std::vector<Frontend4>> frontends4() const = 0;
    virtual Result<std::vector<Frontend6>> frontends6() const = 0;

    /// Replaces the addresses that serve NodePorts; writes only what differs, and returns how many
    /// entries that were.
    virtual Result<uint64_t> set_node_addresses(std::span<const IpAddr> addresses) = 0;
    /// Sorted.
    virtual Result<std::vector<IpAddr>> node_addresses() const = 0;

    /// What was counted under these ids so far does not count any more.
    virtual Result<void> reset_counters(std::span<const uint32_t> ids) = 0;
};

/// What was found at start.
struct FoundSet {
    /// Null: nothing of ours, or of another layout.
    std::unique_ptr<MapSet> maps;
    /// Maps of another layout are pinned; their programs go on until activate().
    bool other_layout = false;
};

class Kernel {
  public:
    virtual ~Kernel() = default;

    /// Tries every feature the backend needs, without leaving a trace. The error names what is
    /// missing and the mend; the verifier's words go to the log.
    virtual Result<void> probe() = 0;

    /// The set of maps that the links run on; if that is none or not clear, the newest that is
    /// pinned; or none. Removes sets that were never finished or never run on, and writes what the
    /// kernel's user does not decide (see open_kernel). Writes nothing else.
    virtual Result<FoundSet> find() = 0;

    /// A new set, pinned beside what exists and read by no program yet. With `like`, everything
    /// whose size does not differ is shared with it, counters are carried over, and all other maps
    /// (but those of fixed size) are empty. Without, only what sockets hold is taken over from a
    /// former set.
    virtual Result<std::unique_ptr<MapSet>> create(const Sizes& sizes, MapSet* like) = 0;

    /// From now on sockets are translated by this program's code with `maps`: loads the programs if
    /// the links do not run them on this set already, then makes or updates each link (connect
    /// last), and removes every other set. No socket call fails meanwhile. Idempotent.
    virtual Result<void> activate(MapSet& maps) = 0;

    /// True if all links exist, are attached where they should be and run this program's code on
    /// `maps`.
    virtual Result<bool> is_active(const MapSet& maps) = 0;

    /// Returns when every program that was running at the time of the call has ended. Takes
    /// milliseconds.
    virtual void grace() = 0;

    /// Links first, then all pins; also of other layouts. Idempotent. True if there was anything.
    virtual Result<bool> remove_all() = 0;
};

}  // namespace sy::ebpf
