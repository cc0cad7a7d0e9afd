// From EndpointSlices to the endpoints of one Service port.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/net.h"
#include "model/objects.h"

namespace sy {

/// An endpoint of one Service port, with the conditions and hints that count for it.
struct Candidate {
    EndpointAddr address;
    const Endpoint* endpoint = nullptr;  // inside a slice of the caller
};

/// True if `slice` may contribute endpoints in `family`.
bool is_usable(const EndpointSlice& slice, Family family);

/// The union over `slices` of the endpoints behind ports of this protocol and name, sorted by
/// address, each address once. Where slices disagree about an address the one that is not
/// terminating counts (a pod that reuses the address of a terminating one), then the Ready one,
/// then the serving one, then the one whose slice has the smaller name: never the one that came
/// last.
std::vector<Candidate> merge_endpoints(std::span<const EndpointSlice* const> slices, Family family,
                                       Protocol protocol, std::string_view port_name);

}  // namespace sy
