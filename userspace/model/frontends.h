// On which addresses a Service asks to be reached: what follows from the Service object alone.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "base/ip.h"
#include "base/net.h"
#include "model/objects.h"
#include "model/plan.h"

namespace sy {

/// What makes two frontends the same for a packet. NodePorts carry the all-zero address, which no
/// other frontend has.
struct FrontendKey {
    IpAddr address;
    Protocol protocol = Protocol::tcp;
    Port port;

    friend auto operator<=>(const FrontendKey&, const FrontendKey&) = default;
};

/// The addresses of a Service in one family.
struct ServiceAddresses {
    IpAddr cluster_ip;
    /// Sorted, unique, none of them in an earlier kind: an address asked for twice is a ClusterIP
    /// before it is a load balancer address, and that before it is an external one.
    std::vector<IpAddr> load_balancer_ips;
    std::vector<IpAddr> external_ips;
};

/// Nothing if `service` is invisible in `family`: another proxy's, headless, ExternalName, or
/// without a cluster IP of the family. Its other addresses and its NodePorts are then not served
/// either.
std::optional<ServiceAddresses> addresses_in(const Service& service, Family family);

/// The ports of `service` that can be served, sorted by protocol and name. Of ports with the same
/// protocol and name, which the API refuses, the last counts.
std::vector<const ServicePort*> served_ports(const Service& service);

/// External policy Local is in force: only Services that can be reached from outside have it.
bool has_external_local(const Service& service);

}  // namespace sy

template <>
struct std::hash<sy::FrontendKey> {
    std::size_t operator()(const sy::FrontendKey& key) const noexcept;
};
