// From a plan to entries. Pure: the numbers and the Service's earlier entries are arguments.
#pragma once

#include "backends/ebpf/entry.h"
#include "backends/ebpf/pools.h"
#include "base/result.h"
#include "model/plan.h"

namespace sy::ebpf {

/// Endpoints per list; the count of a service has 16 bits.
inline constexpr std::size_t kMostEndpoints = 65535;

/// Translates what sockets can be answered right for; everything else of `plan` is left to the
/// packet path. `before` is what the maps have of this Service. Its ids, runs and slots are kept
/// wherever possible, so that the difference is small; a change that more than one store would
/// publish gets a run of its own, so that its last store publishes all. Shared are endpoints.
/// Fails if a limit is exceeded, with kPoolFull if it is one of the pools'; what was taken until
/// then is still provisional.
Result<Fragment> compile(const ServicePlan& plan, const Fragment& before, Pools& pools);

/// What compile() may take at most.
void add_demand(const ServicePlan& plan, Pools::Demand& demand);

}  // namespace sy::ebpf
