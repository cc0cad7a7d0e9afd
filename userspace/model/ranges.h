// Sets of networks as minimal lists, and the source ranges of load balancer addresses.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/ip.h"
#include "model/objects.h"

namespace sy {

/// The same addresses as `networks` in the fewest networks: sorted, disjoint, neighbours joined.
std::vector<Cidr> merge_networks(std::vector<Cidr> networks);

/// Who may open connections to the load balancer addresses of a Service in one family.
struct AllowedSources {
    /// False: everyone.
    bool restricted = false;
    /// Merged; empty means nobody, if restricted.
    std::vector<Cidr> ranges;
};

/// The source ranges of `service` in `family`, for its load balancer addresses `vips`. A list that
/// names only the other family closes this one. If `node_ip` is allowed, so are the VIPs: what the
/// node sends to an address of its own may carry it as the source.
AllowedSources allowed_sources(const Service& service, Family family, std::span<const IpAddr> vips,
                               const std::optional<IpAddr>& node_ip);

}  // namespace sy
