#include "backends/ebpf/kernel/schema.h"

#include <bit>

#include "bpf/abi.h"

namespace sy::ebpf {

const std::array<MapRow, kMapCount>& map_rows() {
    using enum MapId;
    static constexpr std::array<MapRow, kMapCount> kRows{{
        {frontends4, "frontends4", &Sizes::frontends4},
        {frontends6, "frontends6", &Sizes::frontends6},
        {services, "services", &Sizes::services},
        {slots, "slots", &Sizes::slots},
        {endpoints4, "endpoints4", &Sizes::endpoints4},
        {endpoints6, "endpoints6", &Sizes::endpoints6},
        {affinity, "affinity", &Sizes::services},
        {names, "names", &Sizes::services},
        {counters, "counters", &Sizes::services, false, SY_COUNTERS_PER_BLOCK},
        {baselines, "baselines", &Sizes::services},
        {clients, "clients", &Sizes::clients},
        {node_addresses4, "node_addresses4"},
        {node_addresses6, "node_addresses6"},
        {connections, "connections", nullptr, true},
        {flows, "flows", nullptr, true},
        {settings, "settings"},
        {statistics, "statistics"},
        {skip_netns, "skip_netns"},
        {skip_cgroups, "skip_cgroups"},
        {observers, "observers"},
        {layout, "layout"},
    }};
    return kRows;
}

uint32_t entries_of(const MapRow& row, const Sizes& sizes) {
    const uint32_t size = sizes.*row.size;
    return size / row.per_element + (size % row.per_element != 0 ? 1 : 0);
}

Sizes sizes_of(const PerMap<MapFacts>& found) {
    Sizes sizes;
    for (const MapRow& row : map_rows()) {
        if (row.size != nullptr && row.per_element == 1) {
            sizes.*row.size = found[row.id].max_entries;
        }
    }
    return sizes;
}

bool matches(const Schema& schema, const PerMap<MapFacts>& found) {
    const Sizes sizes = sizes_of(found);
    for (const MapRow& row : map_rows()) {
        MapFacts expected = schema[row.id];
        if (row.size != nullptr) {
            expected.max_entries = entries_of(row, sizes);
        }
        if (found[row.id] != expected) {
            return false;
        }
    }
    return std::has_single_bit(sizes.slots);
}

}  // namespace sy::ebpf
