// A deterministic cluster of any size.
#pragma once

#include <cstdint>
#include <vector>

#include "base/symbols.h"
#include "model/event.h"

namespace sy::bench {

inline constexpr const char* kNodeName = "bench-node";

/// The i-th Service: one TCP port on a ClusterIP, in 10.96.0.0/12.
Service make_service(uint32_t i);

/// Its EndpointSlice with `endpoints` addresses of its own, every tenth of them on this node.
/// `generation` moves the last endpoint to another address: two generations differ in one
/// endpoint.
EndpointSlice make_slice(Symbols& symbols, uint32_t i, uint32_t endpoints, uint32_t generation = 0);

/// Services [first, last) and their slices.
std::vector<Event> make_events(Symbols& symbols, uint32_t first, uint32_t last, uint32_t endpoints);

/// The end of both lists.
std::vector<Event> lists_complete();

}  // namespace sy::bench
