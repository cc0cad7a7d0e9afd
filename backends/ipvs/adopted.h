// What a previous process left in the kernel, until its Services claim it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "backends/ipvs/object.h"
#include "model/plan.h"

namespace sy::ipvs {

/// Objects found at adoption, grouped by service-port id. The words are the durable record: a
/// Service claims the ids that its frontends lead to, and with an id its servers and destinations.
class Adopted {
  public:
    Adopted() = default;
    /// `elements` must all have a named_id; `dumped` has servers and destinations of ours. Those of
    /// weight 0 are left out: nobody asks for them any more.
    Adopted(const std::vector<nft::Element>& elements, const Dumped& dumped);

    bool empty() const { return groups_.empty(); }
    /// Every id that occurs, those of the endpoints of affinity lists included.
    const std::set<std::pair<Family, uint32_t>>& ids() const { return ids_; }

    /// Objects (sorted) of the ids that frontends of `plan` lead to and nobody claimed before.
    std::vector<Object> claim(const ServicePlan& plan);
    /// Objects that nobody claimed.
    std::vector<Object> rest() const;

    /// UDP frontends in the kernel; NodePorts have an unspecified address.
    const std::set<EndpointAddr>& udp_frontends() const { return udp_; }

  private:
    using Id = std::pair<Family, uint32_t>;

    std::map<Id, std::vector<Object>> groups_;
    std::vector<nft::Element> frontends_;  // sorted
    std::set<Id> ids_;
    std::set<EndpointAddr> udp_;
};

}  // namespace sy::ipvs
