// The part of the rules that no Service changes: all policy, over sets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backend.h"
#include "backends/iptables/kernel.h"
#include "base/result.h"

namespace sy::iptables {

/// What the constant rules of one family depend on.
struct ConstantConfig {
    Family family = Family::ipv4;
    enum class Pods : uint8_t { unknown, by_network, by_interface };
    Pods pods = Pods::unknown;
    /// As the match -i takes it ("cali+"); by_interface only.
    std::string interface;
    bool masquerade_all = false;
    /// The packet mark that says "masquerade"; one bit.
    uint32_t mark = 0x4000;
    /// Hairpin traffic is recognised by a set (no match `bpf`).
    bool hairpin_sets = false;
    /// NodePorts answer on 127.0.0.1; IPv4 only.
    bool localhost_nodeports = false;

    friend bool operator==(const ConstantConfig&, const ConstantConfig&) = default;
};

/// Fails if an interface detector's name cannot be an interface's name, or would be read as
/// anything else in a rule.
Result<ConstantConfig> constant_config(Family family, const NodeFacts& facts,
                                       const IptablesSettings& settings, const Features& features);

struct Constant {
    /// In an order in which every target of a jump comes first, but for the roots of the trees.
    std::vector<Chain> nat;
    std::vector<Chain> filter;
    std::vector<Jump> jumps;
    /// Sets that are always there.
    std::vector<SetRef> sets;
};
Constant constant_part(const ConstantConfig& config);

}  // namespace sy::iptables
