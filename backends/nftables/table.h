// The one description of a table: what the netlink encoder writes is what render prints.
//
// How a process with no memory recognises its own objects: tables of the layout's name in families
// ip and ip6 are ours. The table's user data carries the layout's fingerprint, every rule's user
// data the fingerprint of its text; a rule without it was written by someone else.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backend.h"
#include "backends/nftables/element.h"
#include "base/result.h"

namespace sy::nft {

struct Layout;
/// The layout of mode nftables: words in meta priority, translated by dnat (docs/nftables.md).
const Layout& words_layout();

/// A class beyond reject and drop: one constant chain. `timeout` 0 picks one of `count` slots,
/// otherwise it sticks clients to one of `count` endpoints for `timeout` seconds.
struct ClassDef {
    uint32_t number = 0;
    uint32_t count = 0;
    uint32_t timeout = 0;

    /// "pick_3", "sticky_2_10800"
    std::string chain() const;
    friend auto operator<=>(const ClassDef&, const ClassDef&) = default;
};

using SetSizes = std::array<uint32_t, kSetCount>;
/// What a table of the layout declares for most clusters.
SetSizes default_sizes(const Layout& layout);

/// Everything a table depends on besides its elements.
struct TableConfig {
    const Layout* layout = &words_layout();
    Family family = Family::ipv4;
    LocalDetector detector;
    bool masquerade_all = false;
    /// Declared sizes; 0 where the set has none (interval sets, sets of other layouts).
    SetSizes sizes = default_sizes(words_layout());
    /// Sorted by number.
    std::vector<ClassDef> classes;

    friend bool operator==(const TableConfig&, const TableConfig&) = default;
};

/// Fails if an interface detector's name cannot be an interface's name, or could be read as nft
/// syntax. describe() and table_text() treat such a detector as none; commit() refuses it.
Result<void> validate(const TableConfig& config);

/// The table in nft's own words, loadable with `nft -f`: sets, maps, chains and rules from
/// `config`, with `elements` inside (those of other families are skipped).
std::string table_text(const TableConfig& config, const std::vector<Element>& elements);

}  // namespace sy::nft
