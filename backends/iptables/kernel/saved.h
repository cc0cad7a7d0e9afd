// What iptables-save tells.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "backends/iptables/kernel.h"

namespace sy::iptables {

/// Names of our chains begin with this.
inline constexpr std::string_view kChainPrefix = "SY-";

/// What of a family's rules concerns us.
struct Saved {
    /// Our chains by table.
    std::vector<Chain> nat;
    std::vector<Chain> filter;
    std::vector<Jump> jumps;
    /// Rules of others in all tables, and whether the kubelet has left its mark.
    std::size_t foreign_rules = 0;
    bool kubelet = false;

    bool any_of_ours() const { return !nat.empty() || !filter.empty() || !jumps.empty(); }
};

/// Reads the output of iptables-save (of either variant and family) with any number of tables.
/// Total: what is not understood is somebody else's.
Saved parse_saved(std::string_view text);

}  // namespace sy::iptables
