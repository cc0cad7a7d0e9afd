#include "model/ranges.h"

#include <algorithm>

namespace sy {
namespace {

bool contains(const Cidr& outer, const Cidr& inner) {
    return outer.prefix() <= inner.prefix() && outer.contains(inner.first());
}

/// The network made of exactly `low` and `high`, if there is one.
std::optional<Cidr> joined(const Cidr& low, const Cidr& high) {
    if (low.prefix() != high.prefix() || low.prefix() == 0) {
        return std::nullopt;
    }
    const auto parent = Cidr::make(low.first(), low.prefix() - 1U);
    return parent->contains(high.first()) ? parent : std::nullopt;
}

}  // namespace

std::vector<Cidr> merge_networks(std::vector<Cidr> networks) {
    // In this order a network comes before all it contains and before its upper neighbour.
    std::ranges::sort(networks);
    std::vector<Cidr> merged;
    for (const auto& network : networks) {
        if (!merged.empty() && contains(merged.back(), network)) {
            continue;
        }
        merged.push_back(network);
        while (merged.size() >= 2) {
            const auto parent = joined(merged[merged.size() - 2], merged.back());
            if (!parent) {
                break;
            }
            merged.pop_back();
            merged.back() = *parent;
        }
    }
    return merged;
}

AllowedSources allowed_sources(const Service& service, Family family, std::span<const IpAddr> vips,
                               const std::optional<IpAddr>& node_ip) {
    if (!service.source_ranges_set) {
        return {};
    }
    std::vector<Cidr> ranges;
    for (const auto& range : service.source_ranges) {
        if (range.family() != family) {
            continue;
        }
        if (range.prefix() == 0) {
            return {};
        }
        ranges.push_back(range);
    }
    const auto allows_node = [&](const Cidr& range) { return range.contains(*node_ip); };
    if (node_ip && std::ranges::any_of(ranges, allows_node)) {
        for (const auto& vip : vips) {
            ranges.push_back(*Cidr::make(vip, vip.bits()));
        }
    }
    return {.restricted = true, .ranges = merge_networks(std::move(ranges))};
}

}  // namespace sy
