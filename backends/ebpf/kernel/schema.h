// Which maps a set has, and what decides their sizes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "backends/ebpf/kernel/map.h"
#include "backends/ebpf/sizes.h"

namespace sy::ebpf {

/// In the order in which they are pinned: `layout` is the last, so that a folder without it was
/// never finished.
enum class MapId : uint8_t {
    frontends4,
    frontends6,
    services,
    slots,
    endpoints4,
    endpoints6,
    affinity,
    names,
    counters,
    baselines,
    clients,
    node_addresses4,
    node_addresses6,
    connections,
    flows,
    settings,
    statistics,
    skip_netns,
    skip_cgroups,
    observers,
    layout,
};
inline constexpr std::size_t kMapCount = 21;

struct MapRow {
    MapId id;
    /// In bpf/maps.h, and of the pin.
    const char* name;
    /// What its number of elements follows; null: fixed.
    uint32_t Sizes::* size = nullptr;
    /// Belongs to sockets rather than to a set: taken over from any layout of the same format.
    bool of_sockets = false;
    /// So many of what `size` counts are in one element.
    uint32_t per_element = 1;
};

/// How many elements a map has in a set of these sizes. The row must have a size.
uint32_t entries_of(const MapRow& row, const Sizes& sizes);

/// In the order of MapId.
const std::array<MapRow, kMapCount>& map_rows();

/// One value per map.
template <class T>
class PerMap {
  public:
    T& operator[](MapId id) { return values_[static_cast<std::size_t>(id)]; }
    const T& operator[](MapId id) const { return values_[static_cast<std::size_t>(id)]; }

  private:
    std::array<T, kMapCount> values_{};
};
using Maps = PerMap<Map>;

/// What the maps are, apart from max_entries where Sizes decide.
using Schema = PerMap<MapFacts>;

/// Whether maps with these facts can be read and written as a set of `schema`.
bool matches(const Schema& schema, const PerMap<MapFacts>& found);
/// The sizes of such a set.
Sizes sizes_of(const PerMap<MapFacts>& found);

}  // namespace sy::ebpf
