// What the programs counted, per Service port.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <span>
#include <string_view>
#include <tuple>

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

// Values of all CPUs lie side by side.
sy_counters sum(std::span<const uint8_t> values) {
    sy_counters total{};
    for (; values.size() >= sizeof total; values = values.subspan(sizeof total)) {
        sy_counters one{};
        std::memcpy(&one, values.data(), sizeof one);
        total.connections += one.connections;
        total.refusals += one.refusals;
    }
    return total;
}

Result<void> add(std::span<const sy_name> names, uint32_t first, const Map& counters,
                 Totals& totals) {
    const auto values = counters.values(first, static_cast<uint32_t>(names.size()));
    if (!values) {
        return std::unexpected(values.error());
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string_view text = text_of(names[i]);
        if (text.empty()) {
            continue;
        }
        const std::size_t size = counters.value_bytes();
        const sy_counters one = sum(std::span(*values).subspan(i * size, size));
        sy_counters& all =
            totals[{std::string(text), names[i].ipv6 != 0 ? Family::ipv6 : Family::ipv4,
                    static_cast<Protocol>(names[i].protocol)}];
        all.connections += one.connections;
        all.refusals += one.refusals;
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
    const auto names = Map::open((*newest)->folder + "/names");
    const auto counters = Map::open((*newest)->folder + "/counters");
    if (!names || !counters) {
        const Error& error = names ? counters.error() : names.error();
        return error.code == ENOENT ? Result<Totals>() : std::unexpected(error);
    }
    if (names->facts().value_size != sizeof(sy_name) ||
        counters->facts().value_size != sizeof(sy_counters)) {
        return fail("of another layout", "map counters");
    }
    const auto memory = Mapping::of(*names, false);
    if (!memory) {
        return std::unexpected(memory.error());
    }
    std::span all(static_cast<const sy_name*>(memory->data()),
                  std::min(names->facts().max_entries, counters->facts().max_entries));
    // Ids are given out from below.
    while (!all.empty() && text_of(all.back()).empty()) {
        all = all.first(all.size() - 1);
    }
    constexpr std::size_t kAtOnce = 4096;
    Totals totals;
    for (std::size_t first = 0; first < all.size(); first += kAtOnce) {
        const auto part = all.subspan(first, std::min(kAtOnce, all.size() - first));
        if (auto done = add(part, static_cast<uint32_t>(first), *counters, totals); !done) {
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
