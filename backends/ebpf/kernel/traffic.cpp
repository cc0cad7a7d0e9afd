// What the programs counted, per Service port.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <span>
#include <string_view>
#include <tuple>

#include "backends/ebpf/kernel/map_set.h"
#include "backends/ebpf/kernel/open.h"
#include "backends/ebpf/kernel/pins.h"

namespace sy::ebpf {
namespace {

/// In the order of enum sy_statistic; what observers missed, they tell themselves.
constexpr std::array<std::string_view, SY_STAT_UNTOLD> kResults{
    "miss",       "translated", "refused",    "no_endpoint", "stale_key",
    "stale_slot", "same_again", "no_storage", "skipped"};

using Key = std::tuple<std::string, Family, Protocol>;
using Totals = std::map<Key, sy_counters>;

std::string_view text_of(const sy_name& name) {
    const std::string_view all(name.text, sizeof name.text);
    return all.substr(0, all.find('\0'));
}

/// The arrays of a set that say what its counters mean; from id `first` on.
struct Ids {
    uint32_t first = 0;
    std::span<const sy_name> names;
    std::span<const sy_counters> baselines;

    Ids part(std::size_t from, std::size_t count) const {
        return {first + static_cast<uint32_t>(from), names.subspan(from, count),
                baselines.subspan(from, count)};
    }
};

/// `ids` begin with a block of counters.
Result<void> add(const Ids& ids, const Map& counters, Totals& totals) {
    const auto count = static_cast<uint32_t>(ids.names.size());
    const auto blocks = (count + SY_COUNTERS_PER_BLOCK - 1) / SY_COUNTERS_PER_BLOCK;
    const auto values = counters.values(ids.first / SY_COUNTERS_PER_BLOCK, blocks);
    if (!values) {
        return std::unexpected(values.error());
    }
    const std::size_t size = counters.value_bytes();
    for (uint32_t i = 0; i < count; ++i) {
        const sy_name& name = ids.names[i];
        const std::string_view text = text_of(name);
        if (text.empty()) {
            continue;
        }
        const auto block = std::span(*values).subspan(i / SY_COUNTERS_PER_BLOCK * size, size);
        const sy_counters one = counted(ids.first + i, block);
        const sy_counters& before = ids.baselines[i];
        sy_counters& all = totals[{std::string(text), name.ipv6 != 0 ? Family::ipv6 : Family::ipv4,
                                   static_cast<Protocol>(name.protocol)}];
        all.connections += one.connections - std::min(before.connections, one.connections);
        all.refusals += one.refusals - std::min(before.refusals, one.refusals);
    }
    return {};
}

/// Between copying counters into a new set and running on it, the programs count in the old one;
/// that is lost. What was told stays told: a number that falls would look like a new beginning.
class Steadier {
  public:
    /// `totals` are of the set `generation`.
    Totals steady(uint64_t generation, Totals totals) {
        if (generation != generation_) {
            generation_ = generation;
            lost_.clear();
            for (const auto& [key, was] : told_) {
                if (const auto now = totals.find(key); now != totals.end()) {
                    const auto lost = [](uint64_t a, uint64_t b) { return a > b ? a - b : 0; };
                    lost_[key] = {lost(was.connections, now->second.connections),
                                  lost(was.refusals, now->second.refusals)};
                }
            }
        }
        std::erase_if(lost_, [&](const auto& entry) { return !totals.contains(entry.first); });
        for (const auto& [key, lost] : lost_) {
            totals[key].connections += lost.connections;
            totals[key].refusals += lost.refusals;
        }
        told_ = totals;
        return totals;
    }

  private:
    uint64_t generation_ = 0;
    Totals lost_;
    Totals told_;
};

class Reader final : public TrafficReader {
  public:
    explicit Reader(const EbpfSettings& settings) : pins_(settings.bpf_root) {}

    Result<std::vector<PortTraffic>> read() override;
    Result<std::vector<ProgramCount>> read_programs() override;

  private:
    Result<Totals> totals();

    Pins pins_;
    Steadier steadier_;
};

Result<Totals> Reader::totals() {
    const auto newest = pins_.newest_finished();
    if (!newest || !*newest) {
        return newest ? Result<Totals>() : std::unexpected(newest.error());
    }
    const std::string& folder = (*newest)->folder;
    const auto names = Map::open(folder + "/names");
    const auto baselines = Map::open(folder + "/baselines");
    const auto counters = Map::open(folder + "/counters");
    for (const auto* map : {&names, &baselines, &counters}) {
        if (!*map) {
            return map->error().code == ENOENT ? Result<Totals>() : std::unexpected(map->error());
        }
    }
    if (names->facts().value_size != sizeof(sy_name) ||
        baselines->facts().value_size != sizeof(sy_counters) ||
        counters->facts().value_size != sizeof(sy_counter_block)) {
        return fail("of another layout", "map counters");
    }
    const auto names_memory = Mapping::of(*names, false);
    const auto baselines_memory = Mapping::of(*baselines, false);
    if (!names_memory || !baselines_memory) {
        return std::unexpected(names_memory ? baselines_memory.error() : names_memory.error());
    }
    std::size_t count = std::min({names->facts().max_entries, baselines->facts().max_entries,
                                  counters->facts().max_entries * SY_COUNTERS_PER_BLOCK});
    Ids all{0,
            {static_cast<const sy_name*>(names_memory->data()), count},
            {static_cast<const sy_counters*>(baselines_memory->data()), count}};
    // Ids are given out from below.
    while (count > 0 && text_of(all.names[count - 1]).empty()) {
        --count;
    }
    constexpr std::size_t kAtOnce = 64UL * SY_COUNTERS_PER_BLOCK;
    Totals totals;
    for (std::size_t first = 0; first < count; first += kAtOnce) {
        const auto part = all.part(first, std::min(kAtOnce, count - first));
        if (auto done = add(part, *counters, totals); !done) {
            return std::unexpected(done.error());
        }
    }
    return steadier_.steady((*newest)->number, std::move(totals));
}

Result<std::vector<ProgramCount>> Reader::read_programs() {
    const auto newest = pins_.newest_finished();
    if (!newest || !*newest) {
        return newest ? Result<std::vector<ProgramCount>>() : std::unexpected(newest.error());
    }
    const auto map = Map::open((*newest)->folder + "/statistics");
    const auto values = map ? map->values(0, kResults.size()) : std::unexpected(map.error());
    if (!values) {
        return std::unexpected(values.error());
    }
    std::vector<ProgramCount> all;
    for (std::size_t i = 0; i < kResults.size(); ++i) {
        uint64_t count = 0;
        for (std::size_t at = 0; at < map->value_bytes(); at += sizeof count) {
            uint64_t one = 0;
            std::memcpy(&one, values->data() + i * map->value_bytes() + at, sizeof one);
            count += one;
        }
        all.push_back({kResults[i], count});
    }
    return all;
}

Result<std::vector<PortTraffic>> Reader::read() {
    const auto found = totals();
    if (!found) {
        return std::unexpected(found.error());
    }
    std::vector<PortTraffic> all;
    all.reserve(found->size());
    for (const auto& [key, counters] : *found) {
        const auto& [port, family, protocol] = key;
        all.push_back({port, family, protocol, counters.connections, counters.refusals});
    }
    return all;
}

}  // namespace

std::unique_ptr<TrafficReader> make_traffic_reader(const EbpfSettings& settings) {
    return std::make_unique<Reader>(settings);
}

}  // namespace sy::ebpf
