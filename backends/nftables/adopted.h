// What a previous process left in the kernel, until its Services claim it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "backends/nftables/element.h"
#include "base/net.h"
#include "model/plan.h"

namespace sy::nft {

/// Elements found at adoption, grouped by service-port id. Nothing in the kernel says which Service
/// an id belongs to: a Service claims the ids that its frontends lead to.
class Adopted {
  public:
    Adopted() = default;
    /// `elements` must all have an owner_id.
    explicit Adopted(std::vector<Element> elements);

    bool empty() const { return by_id_.empty(); }
    std::size_t size() const { return by_id_.size(); }
    /// Every id that occurs.
    std::set<std::pair<Family, uint32_t>> ids() const;

    /// Elements (sorted) of the ids that frontends of `plan` lead to and nobody claimed before.
    std::vector<Element> claim(const ServicePlan& plan);
    /// Elements that nobody claimed.
    std::vector<Element> rest() const;

    /// UDP frontends in the kernel; NodePorts have an unspecified address.
    std::set<EndpointAddr> udp_frontends() const;

  private:
    std::vector<Element> by_id_;      // sorted by (family, id)
    std::vector<Element> frontends_;  // of the sets frontends and nodeports, sorted
    std::set<std::pair<Family, uint32_t>> claimed_;
};

}  // namespace sy::nft
