// From a plan to objects. Pure: ids, classes and the Service's earlier objects are arguments.
#pragma once

#include "backends/ipvs/object.h"
#include "backends/nftables/compile.h"
#include "base/result.h"
#include "model/plan.h"

namespace sy::ipvs {

/// Translates `plan`. `before` is what the kernel has of this Service (after a restart: what its
/// frontends led to); its ids and slots are kept wherever possible. Shared are elements of
/// cluster_ips, vips, hairpin and service_endpoints. Fails if a limit of the layout is exceeded
/// (ids, classes).
Result<Fragment> compile(const ServicePlan& plan, const Fragment& before, nft::Numbers& numbers);

}  // namespace sy::ipvs
