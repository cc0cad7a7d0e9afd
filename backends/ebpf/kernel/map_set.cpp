#include "backends/ebpf/kernel/map_set.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>
#include <optional>
#include <type_traits>

#include "backends/ebpf/kernel/key_set.h"

namespace sy::ebpf {
namespace {

template <class Key>
Result<void> put_frontends(const Map& map, std::span<const FrontendEntry<Key>> entries) {
    std::vector<Key> keys;
    std::vector<uint64_t> words;
    keys.reserve(entries.size());
    words.reserve(entries.size());
    for (const auto& entry : entries) {
        keys.push_back(entry.key);
        words.push_back(entry.word);
    }
    return map.put(keys.data(), words.data(), keys.size());
}

template <class Key>
Result<std::vector<FrontendEntry<Key>>> dump_frontends(const Map& map) {
    const auto all = map.dump();
    if (!all) {
        return std::unexpected(all.error());
    }
    std::vector<FrontendEntry<Key>> entries(all->count);
    for (std::size_t i = 0; i < all->count; ++i) {
        std::memcpy(&entries[i].key, all->keys.data() + i * sizeof(Key), sizeof(Key));
        std::memcpy(&entries[i].word, all->values.data() + i * sizeof(uint64_t), sizeof(uint64_t));
    }
    return entries;
}

template <class Address>
std::vector<Address> of_family(std::span<const IpAddr> addresses, Family family) {
    std::vector<Address> chosen;
    for (const IpAddr& ip : addresses) {
        if (ip.family() == family) {
            std::memcpy(&chosen.emplace_back(), ip.bytes().data(), sizeof(Address));
        }
    }
    return chosen;
}

using Address4 = std::array<uint8_t, 4>;
using Address6 = std::array<uint8_t, 16>;

}  // namespace

Result<std::unique_ptr<PinnedSet>> PinnedSet::make(Maps maps, Generation pinned) {
    std::unique_ptr<PinnedSet> set(new PinnedSet(std::move(maps), std::move(pinned)));
    PerMap<MapFacts> facts;
    for (const MapRow& row : map_rows()) {
        facts[row.id] = set->maps_[row.id].facts();
    }
    set->sizes_ = sizes_of(facts);
    std::optional<Error> failure;
    const auto map = [&]<class Element>(MapId id, Element* /*tells the type*/) {
        auto memory = Mapping::of(set->maps_[id]);
        if (!memory) {
            failure = memory.error();
            return std::span<Element>();
        }
        set->mappings_[id] = std::move(*memory);
        return std::span<Element>(static_cast<Element*>(set->mappings_[id].data()),
                                  set->maps_[id].facts().max_entries);
    };
    constexpr uint64_t* kWords = nullptr;
    constexpr sy_endpoint6* kEndpoints = nullptr;
    constexpr sy_name* kNames = nullptr;
    constexpr sy_counters* kCounters = nullptr;
    constexpr sy_settings* kSettings = nullptr;
    set->arrays_ = {.services = map(MapId::services, kWords),
                    .slots = map(MapId::slots, kWords),
                    .endpoints4 = map(MapId::endpoints4, kWords),
                    .endpoints6 = map(MapId::endpoints6, kEndpoints),
                    .affinity = map(MapId::affinity, kWords),
                    .names = map(MapId::names, kNames),
                    .settings = map(MapId::settings, kSettings).data()};
    set->baselines_ = map(MapId::baselines, kCounters);
    if (failure) {
        return std::unexpected(*failure);
    }
    return set;
}

Result<void> PinnedSet::put(std::span<const Frontend4> entries) {
    return put_frontends(maps_[MapId::frontends4], entries);
}
Result<void> PinnedSet::put(std::span<const Frontend6> entries) {
    return put_frontends(maps_[MapId::frontends6], entries);
}
Result<void> PinnedSet::erase(std::span<const sy_frontend4> keys) {
    return maps_[MapId::frontends4].erase(keys.data(), keys.size());
}
Result<void> PinnedSet::erase(std::span<const sy_frontend6> keys) {
    return maps_[MapId::frontends6].erase(keys.data(), keys.size());
}
Result<std::vector<Frontend4>> PinnedSet::frontends4() const {
    return dump_frontends<sy_frontend4>(maps_[MapId::frontends4]);
}
Result<std::vector<Frontend6>> PinnedSet::frontends6() const {
    return dump_frontends<sy_frontend6>(maps_[MapId::frontends6]);
}

Result<uint64_t> PinnedSet::set_node_addresses(std::span<const IpAddr> addresses) {
    const auto first =
        replace_keys(maps_[MapId::node_addresses4], of_family<Address4>(addresses, Family::ipv4));
    if (!first) {
        return first;
    }
    const auto second =
        replace_keys(maps_[MapId::node_addresses6], of_family<Address6>(addresses, Family::ipv6));
    return second ? Result<uint64_t>(*first + *second) : second;
}

Result<std::vector<IpAddr>> PinnedSet::node_addresses() const {
    std::vector<IpAddr> addresses;
    for (const MapId id : {MapId::node_addresses4, MapId::node_addresses6}) {
        const Map& map = maps_[id];
        const auto all = map.dump();
        if (!all) {
            return std::unexpected(all.error());
        }
        const std::size_t size = map.facts().key_size;
        for (std::size_t i = 0; i < all->count; ++i) {
            addresses.push_back(*IpAddr::from_bytes(std::span(all->keys).subspan(i * size, size)));
        }
    }
    std::ranges::sort(addresses);
    return addresses;
}

Result<void> PinnedSet::reset_counters(std::span<const uint32_t> ids) {
    std::optional<uint32_t> at;
    Result<std::vector<uint8_t>> block;
    for (const uint32_t id : ids) {
        const uint32_t wanted = id / SY_COUNTERS_PER_BLOCK;
        if (at != wanted) {
            block = maps_[MapId::counters].values(wanted, 1);
            if (!block) {
                return std::unexpected(block.error());
            }
            at = wanted;
        }
        baselines_[id] = counted(id, *block);
    }
    return {};
}

sy_counters counted(uint32_t id, std::span<const uint8_t> block) {
    sy_counters total{};
    const std::size_t offset = id % SY_COUNTERS_PER_BLOCK * sizeof total;
    // Values of all CPUs lie side by side.
    for (std::size_t cpu = 0; cpu < block.size(); cpu += sizeof(sy_counter_block)) {
        sy_counters one{};
        std::memcpy(&one, block.data() + cpu + offset, sizeof one);
        total.connections += one.connections;
        total.refusals += one.refusals;
    }
    return total;
}

Result<void> PinnedSet::copy_counters(const PinnedSet& from) {
    constexpr uint32_t kAtOnce = 64;
    const Map& source = from.maps_[MapId::counters];
    const Map& target = maps_[MapId::counters];
    const uint32_t count = std::min(source.facts().max_entries, target.facts().max_entries);
    for (uint32_t first = 0; first < count; first += kAtOnce) {
        const uint32_t size = std::min(kAtOnce, count - first);
        const auto values = source.values(first, size);
        if (!values) {
            return std::unexpected(values.error());
        }
        std::vector<uint32_t> keys(size);
        std::iota(keys.begin(), keys.end(), first);
        if (auto done = target.put(keys.data(), values->data(), size); !done) {
            return done;
        }
    }
    std::ranges::copy(from.baselines_.first(std::min(from.baselines_.size(), baselines_.size())),
                      baselines_.begin());
    return {};
}

Result<void> PinnedSet::pin(const Pins& pins) {
    auto made = pins.add(maps_);
    if (!made) {
        return std::unexpected(made.error());
    }
    generation_ = std::move(*made);
    return {};
}

bool PinnedSet::is_pinned() const {
    return std::ranges::all_of(map_rows(), [&](const MapRow& row) {
        const auto map = Map::open(generation_.folder + "/" + row.name);
        return map && map->id() == maps_[row.id].id();
    });
}

bool PinnedSet::contains(uint32_t map_id) const {
    return std::ranges::any_of(map_rows(),
                               [&](const MapRow& row) { return maps_[row.id].id() == map_id; });
}

Result<sy_layout> read_layout(const Map& map) {
    const auto bytes = map.values(0, 1);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    sy_layout layout{};
    if (bytes->size() != sizeof layout) {
        return fail("of another format", "map layout");
    }
    std::memcpy(&layout, bytes->data(), sizeof layout);
    return layout;
}

Result<sy_layout> PinnedSet::layout() const {
    return read_layout(maps_[MapId::layout]);
}

Result<void> PinnedSet::set_layout(const sy_layout& layout) const {
    constexpr uint32_t kFirst = 0;
    return maps_[MapId::layout].put(&kFirst, &layout, 1);
}

}  // namespace sy::ebpf
