// What a source tells the cluster state. Every source (manifest files, the API server) emits these.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "model/objects.h"

namespace sy {

enum class Kind : uint8_t { service, endpoint_slice, node, service_cidr };

/// "Service", "EndpointSlice", "Node", "ServiceCIDR".
std::string_view to_string(Kind kind);

/// Identity of an object. `ns` is empty for cluster-scoped kinds.
struct ObjectKey {
    Kind kind = Kind::service;
    std::string ns;
    std::string name;

    /// "Service default/web", "Node n1".
    std::string to_string() const;
    friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

using Object = std::variant<Service, EndpointSlice, Node, ServiceCidr>;

ObjectKey key_of(const Object& object);

/// The object exists and looks like this now.
struct Upserted {
    Object object;
};
/// The object is gone. Unknown objects may be removed; nothing happens then.
struct Removed {
    ObjectKey key;
};
/// The source has told everything it knows of `kind`. Until Services and EndpointSlices are both
/// listed nothing may be written to the kernel: "not told yet" is not "deleted".
struct Listed {
    Kind kind = Kind::service;
    /// False: something could not be read, so objects that were not told may exist all the same.
    /// Another Listed follows when that is mended.
    bool whole = true;
};

using Event = std::variant<Upserted, Removed, Listed>;

}  // namespace sy
