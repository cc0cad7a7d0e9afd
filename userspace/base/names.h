// Names of cluster objects.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>

namespace sy {

/// namespace/name of a Service. Both parts come from cluster objects and are untrusted text.
struct ServiceName {
    std::string ns;
    std::string name;

    std::string to_string() const { return ns + "/" + name; }

    friend auto operator<=>(const ServiceName&, const ServiceName&) = default;
};

}  // namespace sy

template <>
struct std::hash<sy::ServiceName> {
    // Not noexcept: the standard library then keeps the hash with each element. Computing it again
    // for every neighbour in a bucket costs more than anything else of a lookup.
    std::size_t operator()(const sy::ServiceName& n) const {
        return std::hash<std::string>{}(n.ns) * 31 + std::hash<std::string>{}(n.name);
    }
};
