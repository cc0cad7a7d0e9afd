// What a previous process left in the kernel, until its Services claim it.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/iptables/object.h"
#include "model/frontends.h"
#include "model/plan.h"

namespace sy::iptables {

/// Objects found at adoption that belong to some Service. Nothing in the kernel says to which: a
/// Service claims what stands under its frontends and under the names of its lists.
class Adopted {
  public:
    /// Members of roles that are shared or node-wide are no business of this.
    void add(Object object);

    bool empty() const;
    /// Takes what `plan` has a claim to out of here, sorted. `want` says which sets of affinity it
    /// goes on using.
    std::vector<Object> claim(const ServicePlan& plan, const std::vector<Object>& want);
    /// What nobody claimed.
    std::vector<Object> rest() const;

    /// UDP frontends that translate; NodePorts have an unspecified address.
    std::set<EndpointAddr> udp_frontends() const;

  private:
    /// Family comes with the address.
    std::multimap<FrontendKey, Object> by_frontend_;
    std::map<std::pair<Family, std::string>, Object> lists_;
    std::set<SetDef> sets_;
};

}  // namespace sy::iptables
