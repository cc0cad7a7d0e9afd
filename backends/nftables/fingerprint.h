// Fingerprints by which a later process recognises what an earlier one wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/nftables/ast.h"

namespace sy::nft {

/// FNV-1a, started from or continued with `hash`. Stable across builds and machines.
inline constexpr uint64_t kHashSeed = 0xcbf2'9ce4'8422'2325;
uint64_t hash_text(std::string_view text, uint64_t hash = kHashSeed);
uint64_t hash_number(uint64_t number, uint64_t hash);

/// In a rule's user data.
uint64_t rule_fingerprint(const Rule& rule, Family family);
/// In a table's user data: sets with their types, and base chains.
uint64_t layout_fingerprint(const Layout& layout, Family family);

/// A chain as described or as found.
struct ChainPrint {
    std::string name;
    /// hook_text(), empty for a chain without a hook.
    std::string hook;
    /// In order; 0 for a rule that carries no fingerprint.
    std::vector<uint64_t> rules;
};

/// All chains and rules and the elements of `classes` in one number; the order of the chains and
/// of the classes does not matter.
uint64_t combined_fingerprint(std::vector<ChainPrint> chains, std::vector<ClassElement> classes);

}  // namespace sy::nft
