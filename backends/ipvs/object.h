// What a Service is made of in this backend, as one compact value.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <variant>

#include "backends/fragment.h"
#include "backends/ipvs/kernel.h"
#include "backends/nftables/element.h"

namespace sy::ipvs {

/// A destination of a server. All have weight 1 while a Service asks for them.
struct Target {
    ServerKey server;
    EndpointAddr address;
    /// Its connections may live on when it goes: TCP.
    bool drains = true;

    friend auto operator<=>(const Target&, const Target&) = default;
};

/// An element of the companion table, a virtual server (of the scheduler that the user chose), or
/// a destination. Routes follow from the elements of cluster_ips and vips (local_routes.h).
using Object = std::variant<nft::Element, ServerKey, Target>;
using Fragment = sy::Fragment<Object>;

}  // namespace sy::ipvs

/// Only elements are shared between Services, so the hashes of the others never matter.
template <>
struct std::hash<sy::ipvs::Object> {
    std::size_t operator()(const sy::ipvs::Object& object) const noexcept {
        const auto* element = std::get_if<sy::nft::Element>(&object);
        return element == nullptr ? object.index() : std::hash<sy::nft::Element>{}(*element);
    }
};
