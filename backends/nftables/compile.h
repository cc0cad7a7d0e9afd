// From a plan to elements. Pure: ids, classes and the Service's earlier elements are arguments.
#pragma once

#include <cstdint>
#include <vector>

#include "backends/fragment.h"
#include "backends/nftables/element.h"
#include "backends/nftables/table.h"
#include "base/result.h"
#include "model/plan.h"

namespace sy::nft {

/// Hands out what elements refer to by number.
class Numbers {
  public:
    virtual ~Numbers() = default;
    /// A free service-port id of the family, or a failure when all are taken.
    virtual Result<uint32_t> new_id(Family family) = 0;
    /// The class that picks one of `count` slots (timeout 0) or sticks clients for `timeout`
    /// seconds; assigned if it is new.
    virtual Result<uint32_t> class_for(Family family, uint32_t count, uint32_t timeout) = 0;
};

/// A Service as elements. Shared are cluster_ips, hairpin and service_endpoints.
using Fragment = sy::Fragment<Element>;

/// Translates `plan`. `before` is what the kernel has of this Service (after a restart: what its
/// frontends led to); its ids and slots are kept wherever possible, so that the difference is
/// small. Fails if a limit of the layout is exceeded (ids, endpoints of an affinity port).
Result<Fragment> compile(const ServicePlan& plan, const Fragment& before, Numbers& numbers);

}  // namespace sy::nft
