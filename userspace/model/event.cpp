#include "model/event.h"

namespace sy {

std::string_view to_string(Kind kind) {
    switch (kind) {
        case Kind::service:
            return "Service";
        case Kind::endpoint_slice:
            return "EndpointSlice";
        case Kind::node:
            return "Node";
        case Kind::service_cidr:
            return "ServiceCIDR";
    }
    return "?";
}

std::string ObjectKey::to_string() const {
    std::string text(sy::to_string(kind));
    text += ' ';
    return ns.empty() ? text + name : text + ns + "/" + name;
}

ObjectKey key_of(const Object& object) {
    struct Visitor {
        ObjectKey operator()(const Service& s) const {
            return {Kind::service, s.name.ns, s.name.name};
        }
        ObjectKey operator()(const EndpointSlice& s) const {
            return {Kind::endpoint_slice, s.ns, s.name};
        }
        ObjectKey operator()(const Node& n) const { return {Kind::node, {}, n.name}; }
        ObjectKey operator()(const ServiceCidr& c) const {
            return {Kind::service_cidr, {}, c.name};
        }
    };
    return std::visit(Visitor{}, object);
}

}  // namespace sy
