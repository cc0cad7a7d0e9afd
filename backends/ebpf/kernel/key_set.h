// Hashes of which only the keys matter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <vector>

#include "backends/ebpf/kernel/map.h"

namespace sy::ebpf {

/// The keys of a hash, sorted.
template <class Key>
Result<std::vector<Key>> keys_of(const Map& map) {
    const auto all = map.dump();
    if (!all) {
        return std::unexpected(all.error());
    }
    std::vector<Key> keys(all->count);
    if (all->count > 0) {
        std::memcpy(keys.data(), all->keys.data(), all->count * sizeof(Key));
    }
    std::ranges::sort(keys);
    return keys;
}

/// Makes the keys of a hash with 4-byte values equal to `keys`, and returns how many differed. Only
/// what differs is written; what is no longer wanted goes first, which makes room.
template <class Key>
Result<uint64_t> replace_keys(const Map& map, std::vector<Key> keys) {
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    const auto present = keys_of<Key>(map);
    if (!present) {
        return std::unexpected(present.error());
    }
    std::vector<Key> gone;
    std::vector<Key> fresh;
    std::ranges::set_difference(*present, keys, std::back_inserter(gone));
    std::ranges::set_difference(keys, *present, std::back_inserter(fresh));
    if (auto erased = map.erase(gone.data(), gone.size()); !erased) {
        return std::unexpected(erased.error());
    }
    const std::vector<uint32_t> ones(fresh.size(), 1);
    if (auto put = map.put(fresh.data(), ones.data(), fresh.size()); !put) {
        return std::unexpected(put.error());
    }
    return gone.size() + fresh.size();
}

}  // namespace sy::ebpf
