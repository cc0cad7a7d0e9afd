// A set of maps in the kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "backends/ebpf/kernel.h"
#include "backends/ebpf/kernel/pins.h"
#include "backends/ebpf/kernel/schema.h"

namespace sy::ebpf {

class PinnedSet final : public MapSet {
  public:
    /// Maps the arrays' memory.
    static Result<std::unique_ptr<PinnedSet>> make(Maps maps, Generation pinned);

    const Sizes& sizes() const override { return sizes_; }
    Arrays arrays() override { return arrays_; }
    Result<void> put(std::span<const Frontend4> entries) override;
    Result<void> put(std::span<const Frontend6> entries) override;
    Result<void> erase(std::span<const sy_frontend4> keys) override;
    Result<void> erase(std::span<const sy_frontend6> keys) override;
    Result<std::vector<Frontend4>> frontends4() const override;
    Result<std::vector<Frontend6>> frontends6() const override;
    Result<uint64_t> set_node_addresses(std::span<const IpAddr> addresses) override;
    Result<std::vector<IpAddr>> node_addresses() const override;
    Result<void> reset_counters(std::span<const uint32_t> ids) override;

    const Maps& maps() const { return maps_; }
    /// What was counted in another set is counted in this one. The programs may go on counting
    /// there meanwhile.
    Result<void> copy_counters(const PinnedSet& from);
    const Generation& generation() const { return generation_; }
    /// Pins it as the next generation.
    Result<void> pin(const Pins& pins);
    /// True if all maps are pinned where they were.
    bool is_pinned() const;
    bool contains(uint32_t map_id) const;

    Result<sy_layout> layout() const;
    Result<void> set_layout(const sy_layout& layout) const;

  private:
    PinnedSet(Maps maps, Generation generation)
        : maps_(std::move(maps)), generation_(std::move(generation)) {}

    Maps maps_;
    Generation generation_;
    PerMap<Mapping> mappings_;
    Sizes sizes_;
    Arrays arrays_;
    std::span<sy_counters> baselines_;  // bpf/abi.h
};

/// What is counted under an id. `block` is the value of its element of `counters`, of all CPUs.
sy_counters counted(uint32_t id, std::span<const uint8_t> block);

/// layout[0] of a map of that name.
Result<sy_layout> read_layout(const Map& map);

}  // namespace sy::ebpf
