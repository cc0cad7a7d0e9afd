// Which endpoint sits in which slot of a list.
#pragma once

#include <cstdint>
#include <vector>

#include "base/net.h"

namespace sy {

/// An endpoint and the number it has in its list.
struct Slot {
    uint32_t number = 0;
    EndpointAddr endpoint;

    friend auto operator<=>(const Slot&, const Slot&) = default;
};

/// Gives each of `want` (sorted, unique) a number in [first, first + want.size()), so that as many
/// as possible keep the number they have in `before` (any order). Hence a replaced endpoint is one
/// changed slot, and a removed one moves at most one other.
std::vector<Slot> assign_dense(const std::vector<EndpointAddr>& want,
                               const std::vector<Slot>& before, uint32_t first);

/// Gives each of `want` a number in [first, last] and keeps every number that an endpoint has in
/// `before`. Empty result if there are more endpoints than numbers.
std::vector<Slot> assign_stable(const std::vector<EndpointAddr>& want,
                                const std::vector<Slot>& before, uint32_t first, uint32_t last);

}  // namespace sy
