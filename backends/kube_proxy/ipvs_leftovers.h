// Which virtual servers kube-proxy's ipvs mode left behind, and how they go away.
#pragma once

#include <vector>

#include "base/ip.h"
#include "base/log.h"
#include "base/net.h"

namespace sy::kube_proxy {

/// Addresses of interfaces in a network namespace.
struct HostAddresses {
    /// Of kube-ipvs0, on which kube-proxy puts those of Services.
    std::vector<IpAddr> of_services;
    /// Of all other interfaces.
    std::vector<IpAddr> of_node;
};

/// Whether a virtual server at this address is kube-proxy's, where kube-ipvs0 exists: at the
/// address of a Service, or at one of the node with a port that Kubernetes gives to NodePorts. What
/// lies in `exclude` is somebody else's (kube-proxy's excludeCIDRs).
bool is_kube_proxys(const EndpointAddr& server, const HostAddresses& addresses,
                    const std::vector<Cidr>& exclude);

/// Removes them in the network namespace of the calling thread, but those through which connections
/// are open, because these would be cut. True if none is left: kube-ipvs0 has to stay as long as
/// connections to its addresses are to live on.
bool remove_ipvs_servers(const std::vector<Cidr>& exclude, Log& log);

}  // namespace sy::kube_proxy
