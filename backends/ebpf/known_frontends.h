// Which frontends are in the hashes, as far as we have written them.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "backends/ebpf/kernel.h"

namespace sy::ebpf {

/// Keys have no padding.
template <class Key>
struct FrontendKeyHash {
    std::size_t operator()(const Key& key) const noexcept {
        return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&key), sizeof key});
    }
};
template <class Key>
struct FrontendKeyEqual {
    bool operator()(const Key& a, const Key& b) const noexcept {
        return std::memcmp(&a, &b, sizeof a) == 0;
    }
};
/// Key -> word.
template <class Key>
using KnownFrontends =
    boost::unordered_flat_map<Key, uint64_t, FrontendKeyHash<Key>, FrontendKeyEqual<Key>>;

static_assert(sizeof(sy_frontend4) == 8 && sizeof(sy_frontend6) == 20);

}  // namespace sy::ebpf
