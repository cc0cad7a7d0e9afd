// The kinds, one function each. Internal to the decoder.
#pragma once

#include <string>
#include <string_view>

#include "base/symbols.h"
#include "model/objects.h"
#include "source/field.h"

namespace sy {

/// metadata.name and metadata.namespace, checked. Views into the document.
struct Identity {
    std::string_view ns;
    std::string_view name;
};

/// Each reads one object whose kind is already known. Faults and warnings go to the findings of
/// `root`; with a fault the returned object is not to be used.
Service decode_service(const Field& root, const Identity& id);
EndpointSlice decode_endpoint_slice(const Field& root, const Identity& id, Symbols& symbols);
Node decode_node(const Field& root, const Identity& id);
ServiceCidr decode_service_cidr(const Field& root, const Identity& id);

/// "TCP" (also when absent), "UDP", "SCTP"; anything else is a fault.
Protocol decode_protocol(const Field& field);

/// An address the API server allows as endpoint or external IP: not unspecified, loopback,
/// link-local or link-local multicast. Such an address would let a Service reach into the node.
bool is_ordinary(const IpAddr& ip);

/// `text` without white space at its ends.
std::string_view trimmed(std::string_view text);

}  // namespace sy
