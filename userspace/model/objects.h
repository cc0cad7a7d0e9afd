// The cluster objects we read, as passive values: what remains of a Kubernetes object after
// decoding. No policy here: what a field means is decided in select().
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/names.h"
#include "base/net.h"
#include "base/symbols.h"

namespace sy {

enum class ServiceType : uint8_t { cluster_ip, node_port, load_balancer, external_name };
enum class TrafficPolicy : uint8_t { cluster, local };

struct ServicePort {
    std::string name;  // may be empty
    Protocol protocol = Protocol::tcp;
    Port port;
    Port node_port;  // 0: none

    friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

/// A core/v1 Service.
struct Service {
    ServiceName name;
    ServiceType type = ServiceType::cluster_ip;
    /// The label service.kubernetes.io/service-proxy-name is present: another proxy's Service.
    bool other_proxy = false;
    /// spec.clusterIP is "None".
    bool headless = false;
    TrafficPolicy internal_policy = TrafficPolicy::cluster;
    TrafficPolicy external_policy = TrafficPolicy::cluster;
    /// spec.healthCheckNodePort, 0: none.
    Port health_check_node_port;
    /// Seconds of ClientIP session affinity; nothing: affinity None.
    std::optional<uint32_t> affinity_timeout;
    /// spec.clusterIP, absent when empty, "None" or not an address.
    std::optional<IpAddr> cluster_ip;
    /// spec.clusterIPs[i] of each entry whose ipFamilies[i] is given, paired by index.
    /// Empty when spec.ipFamilies is unset: then cluster_ip decides (SEMANTICS of kube-proxy).
    std::vector<std::pair<Family, IpAddr>> family_ips;
    std::vector<IpAddr> external_ips;
    /// status.loadBalancer.ingress[].ip of entries whose ipMode is absent or VIP.
    std::vector<IpAddr> load_balancer_ips;
    /// spec.loadBalancerSourceRanges, trimmed. `source_ranges_set` tells an empty list (open)
    /// from a list none of whose entries could be read (closed).
    std::vector<Cidr> source_ranges;
    bool source_ranges_set = false;
    std::vector<ServicePort> ports;

    friend bool operator==(const Service&, const Service&) = default;
};

/// Endpoint conditions after applying the API's defaults.
struct Endpoint {
    IpAddr address;  // addresses[0]
    bool ready = true;
    bool serving = true;
    bool terminating = false;
    Symbol node = Symbol::none;
    SymbolList zone_hints = SymbolList::empty;
    SymbolList node_hints = SymbolList::empty;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct SlicePort {
    std::string name;  // may be empty; ports without a number are dropped in decoding
    Protocol protocol = Protocol::tcp;
    Port port;

    friend bool operator==(const SlicePort&, const SlicePort&) = default;
};

/// A discovery.k8s.io/v1 EndpointSlice.
struct EndpointSlice {
    std::string ns;
    std::string name;
    /// Label kubernetes.io/service-name; empty: belongs to no Service.
    std::string service;
    /// Nothing: addressType FQDN, never used.
    std::optional<Family> family;
    /// The label service.kubernetes.io/headless is present.
    bool headless = false;
    std::vector<SlicePort> ports;
    std::vector<Endpoint> endpoints;
    /// When the change happened that made the controller write this version (annotation
    /// endpoints.kubernetes.io/last-change-trigger-time). About the object's history, not part of
    /// what it says: two slices that differ in nothing else are no change to the cluster state.
    std::optional<std::chrono::system_clock::time_point> trigger_time;

    friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

/// A core/v1 Node.
struct Node {
    std::string name;
    /// Label topology.kubernetes.io/zone; empty: none.
    std::string zone;
    /// status.addresses: InternalIPs first, then ExternalIPs, each in the order of the object.
    std::vector<IpAddr> addresses;
    std::vector<Cidr> pod_cidrs;
    /// metadata.deletionTimestamp is present.
    bool deleting = false;
    /// A taint of key ToBeDeletedByClusterAutoscaler, whatever its effect.
    bool autoscaler_taint = false;

    friend bool operator==(const Node&, const Node&) = default;
};

/// A networking.k8s.io/v1 ServiceCIDR.
struct ServiceCidr {
    std::string name;
    std::vector<Cidr> cidrs;

    friend bool operator==(const ServiceCidr&, const ServiceCidr&) = default;
};

}  // namespace sy
