// What the named sets and maps of a table are: fields, flags, widths. One place for the text
// printer, the netlink encoder, the dump reader and whoever builds elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "backends/nftables/element.h"

namespace sy::nft {

/// A value of a packet (or of the moment) that rules load and sets are keyed by.
enum class Load : uint8_t {
    saddr,
    daddr,
    l4proto,
    dport,
    priority,  // meta priority, a scratch register
    mark,      // meta mark
    random,    // numgen random
    original_daddr,
    original_dport,
};

/// A loaded value: `priority & argument`, `mark & argument`, or `numgen random mod argument`.
struct Term {
    Load load = Load::priority;
    uint32_t argument = 0xffff'ffff;

    friend bool operator==(const Term&, const Term&) = default;
};

/// Terms side by side, each padded to four bytes.
using Key = std::vector<Term>;

/// Bytes of a term before padding.
std::size_t width(Load load, Family family);
/// Bytes of a key, padded.
std::size_t width(const Key& key, Family family);

/// One named set or map.
struct SetSchema {
    SetId id = SetId::pod_cidrs;
    std::string_view name;
    std::string_view comment;
    Key key{};
    /// Empty for sets and for the verdict map.
    Key data{};
    bool verdicts = false;
    /// Elements are intervals of the last field.
    bool interval = false;
    /// Filled by the packet path, entries expire.
    bool dynamic = false;
    /// nft's declaration is `type …` instead of `typeof …`.
    bool by_type = false;
    /// Declared for most clusters; means nothing for interval sets.
    uint32_t size = 65536;

    bool is_map() const { return verdicts || !data.empty(); }
    /// Bytes of an element's key, and of its data, as Element holds them.
    std::size_t key_size(Family family) const;
    std::size_t data_size(Family family) const;
};

const SetSchema& schema(SetId set);
/// Whether the value is a word of ours: four bytes in host order.
constexpr bool is_word(Load load) {
    return load == Load::priority || load == Load::mark;
}

}  // namespace sy::nft
