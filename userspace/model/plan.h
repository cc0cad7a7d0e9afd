// What the kernel must do for a Service, free of Kubernetes and of any backend: the result of all
// policy. Backends translate this and decide nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/names.h"
#include "base/net.h"

namespace sy {

enum class FrontendKind : uint8_t { cluster_ip, load_balancer_ip, external_ip, node_port };

/// Which of a port's two endpoint lists.
enum class ListId : uint8_t { cluster, local };

/// What happens to a new connection whose endpoint list is empty.
enum class OnEmpty : uint8_t { reject, drop };

/// Whose source address is replaced by the node's.
enum class Masquerade : uint8_t {
    /// ClusterIP: everyone who is not a local pod, if the node has a detector of local traffic;
    /// everyone under masquerade-all.
    not_pods,
    /// External destination, external policy Cluster: everyone.
    always,
    /// External destination, external policy Local: only the node itself.
    node_only,
};

/// Who is "inside": pods that the detector knows as local, and the node itself. Everyone else is
/// "outside". The distinction only exists for external destinations under policy Local; elsewhere
/// inside and outside are the same.
struct Route {
    ListId list = ListId::cluster;
    OnEmpty on_empty = OnEmpty::reject;

    friend auto operator<=>(const Route&, const Route&) = default;
};

/// One address (or NodePort) on which a service port is reached.
struct Frontend {
    FrontendKind kind = FrontendKind::cluster_ip;
    /// All zero for node_port: the node's NodePort addresses are node-wide facts.
    IpAddr address;
    Port port;
    Route inside;
    Route outside;
    Masquerade masquerade = Masquerade::not_pods;
    /// New connections must come from PortPlan::source_ranges, or are dropped.
    bool check_ranges = false;

    friend auto operator<=>(const Frontend&, const Frontend&) = default;
};

struct PlannedEndpoint {
    EndpointAddr address;
    /// Runs on this node: its connections to itself through the Service must be masqueraded.
    bool is_local = false;

    friend auto operator<=>(const PlannedEndpoint&, const PlannedEndpoint&) = default;
};

/// One service port in one family.
struct PortPlan {
    Family family = Family::ipv4;
    Protocol protocol = Protocol::tcp;
    std::string name;
    /// Sorted; ClusterIP first. Never empty: a port without frontends has no plan.
    std::vector<Frontend> frontends;
    /// Sorted, without duplicates. Each is empty unless a frontend refers to it.
    std::vector<PlannedEndpoint> cluster;
    std::vector<PlannedEndpoint> local;
    /// Merged, sorted, disjoint. Only meaningful where a frontend checks them; empty means that
    /// nobody is allowed.
    std::vector<Cidr> source_ranges;
    /// Seconds of ClientIP affinity.
    std::optional<uint32_t> affinity_timeout;
    /// UDP only: every serving endpoint, whatever the policies (sorted). A flow to any other
    /// endpoint is stale.
    std::vector<EndpointAddr> serving;
    /// hasAny is true and the Local list of the policy is empty (gauge no_local_endpoints).
    bool no_local_internal = false;
    bool no_local_external = false;

    const std::vector<PlannedEndpoint>& list(ListId id) const {
        return id == ListId::cluster ? cluster : local;
    }
    friend bool operator==(const PortPlan&, const PortPlan&) = default;
};

/// The health check of a LoadBalancer Service under external policy Local.
struct HealthCheckPlan {
    Port node_port;
    /// Distinct addresses of local Ready endpoints, per family.
    uint32_t local_ready_ipv4 = 0;
    uint32_t local_ready_ipv6 = 0;

    friend bool operator==(const HealthCheckPlan&, const HealthCheckPlan&) = default;
};

/// A frontend this Service asked for and another Service holds.
struct LostFrontend {
    Family family = Family::ipv4;
    Protocol protocol = Protocol::tcp;
    FrontendKind kind = FrontendKind::cluster_ip;
    IpAddr address;
    Port port;
    ServiceName holder;

    friend bool operator==(const LostFrontend&, const LostFrontend&) = default;
};

/// Everything a Service needs, in both families. A Service that needs nothing has no ports.
struct ServicePlan {
    ServiceName name;
    /// Sorted by family, protocol, name; unique.
    std::vector<PortPlan> ports;
    std::optional<HealthCheckPlan> health_check;
    /// Contested frontends that went to another Service; not part of what the kernel must do.
    std::vector<LostFrontend> lost;

    friend bool operator==(const ServicePlan&, const ServicePlan&) = default;
};

}  // namespace sy
