#include "model/select.h"

#include <algorithm>
#include <tuple>

#include "model/choose.h"
#include "model/frontends.h"
#include "model/merge.h"
#include "model/ranges.h"

namespace sy {
namespace {

using Slices = std::span<const EndpointSlice* const>;

/// What all ports of a Service share in one family.
struct FamilyView {
    const Service& service;
    Slices slices;
    Family family;
    ServiceAddresses addresses;
    AllowedSources sources;
};

/// Where connections to external addresses go. Under policy Local, pods and the node itself are
/// not sent away for want of a local endpoint: they reach the whole cluster.
Frontend external_frontend(FrontendKind kind, const IpAddr& address, Port port, bool local,
                           OnEmpty local_empty) {
    const Route cluster{ListId::cluster, OnEmpty::reject};
    Frontend frontend{.kind = kind,
                      .address = address,
                      .port = port,
                      .inside = cluster,
                      .outside = cluster,
                      .masquerade = Masquerade::always};
    if (local) {
        frontend.outside = {ListId::local, local_empty};
        frontend.masquerade = Masquerade::node_only;
    }
    return frontend;
}

std::vector<Frontend> frontends_of(const FamilyView& view, const ServicePort& port,
                                   const Policies& policies, bool has_any) {
    // An empty Local list while others could answer: the client shall retry, not give up.
    const auto local_empty = has_any ? OnEmpty::drop : OnEmpty::reject;
    const Route internal = policies.internal_local ? Route{ListId::local, local_empty}
                                                   : Route{ListId::cluster, OnEmpty::reject};
    std::vector<Frontend> frontends;
    frontends.push_back({.kind = FrontendKind::cluster_ip,
                         .address = view.addresses.cluster_ip,
                         .port = port.port,
                         .inside = internal,
                         .outside = internal,
                         .masquerade = Masquerade::not_pods});
    const auto add = [&](FrontendKind kind, const IpAddr& address, Port number) {
        frontends.push_back(
            external_frontend(kind, address, number, policies.external_local, local_empty));
    };
    for (const auto& vip : view.addresses.load_balancer_ips) {
        add(FrontendKind::load_balancer_ip, vip, port.port);
        frontends.back().check_ranges = view.sources.restricted;
    }
    for (const auto& ip : view.addresses.external_ips) {
        add(FrontendKind::external_ip, ip, port.port);
    }
    if (port.node_port != Port{}) {
        add(FrontendKind::node_port, unspecified(view.family), port.node_port);
    }
    return frontends;
}

PortPlan plan_port(const FamilyView& view, const ServicePort& port, const NodeView& node,
                   const Symbols& symbols) {
    const Policies policies{.internal_local = view.service.internal_policy == TrafficPolicy::local,
                            .external_local = has_external_local(view.service),
                            .external = port.node_port != Port{} ||
                                        !view.addresses.load_balancer_ips.empty() ||
                                        !view.addresses.external_ips.empty()};
    const auto candidates = merge_endpoints(view.slices, view.family, port.protocol, port.name);
    auto choice = choose(candidates, policies, node, symbols);

    PortPlan plan;
    plan.family = view.family;
    plan.protocol = port.protocol;
    plan.name = port.name;
    plan.frontends = frontends_of(view, port, policies, choice.has_any);
    if (!view.addresses.load_balancer_ips.empty()) {
        plan.source_ranges = view.sources.ranges;
    }
    // A memory of no duration is none.
    if (view.service.affinity_timeout.value_or(0) > 0) {
        plan.affinity_timeout = view.service.affinity_timeout;
    }
    if (port.protocol == Protocol::udp) {
        for (const auto& candidate : candidates) {
            if (candidate.endpoint->ready || candidate.endpoint->serving) {
                plan.serving.push_back(candidate.address);
            }
        }
    }
    const bool no_local = choice.has_any && choice.local.empty();
    plan.no_local_internal = no_local && policies.internal_local;
    plan.no_local_external = no_local && policies.external_local && policies.external;
    plan.cluster = std::move(choice.cluster);
    plan.local = std::move(choice.local);
    return plan;
}

/// Distinct addresses of local Ready endpoints, over all ports the slices name.
uint32_t local_ready_count(Slices slices, Family family, const NodeView& node) {
    using PortKey = std::pair<Protocol, std::string_view>;
    std::vector<PortKey> keys;
    for (const auto* slice : slices) {
        if (is_usable(*slice, family)) {
            for (const auto& port : slice->ports) {
                keys.emplace_back(port.protocol, port.name);
            }
        }
    }
    std::ranges::sort(keys);
    keys.erase(std::ranges::unique(keys).begin(), keys.end());

    std::vector<IpAddr> ips;
    for (const auto& [protocol, name] : keys) {
        for (const auto& candidate : merge_endpoints(slices, family, protocol, name)) {
            if (candidate.endpoint->ready && is_local(*candidate.endpoint, node)) {
                ips.push_back(candidate.address.ip);
            }
        }
    }
    std::ranges::sort(ips);
    return static_cast<uint32_t>(std::ranges::unique(ips).begin() - ips.begin());
}

bool wants_health_check(const Service& service) {
    return service.type == ServiceType::load_balancer &&
           service.external_policy == TrafficPolicy::local &&
           service.health_check_node_port != Port{};
}

}  // namespace

ServicePlan select(const Service& service, std::span<const EndpointSlice* const> slices,
                   const NodeView& node, const Symbols& symbols) {
    ServicePlan plan;
    plan.name = service.name;
    const auto ports = served_ports(service);
    HealthCheckPlan health{.node_port = service.health_check_node_port};
    bool visible = false;
    for (const auto family : kFamilies) {
        auto addresses = addresses_in(service, family);
        if (!addresses) {
            continue;
        }
        visible = true;
        auto sources = allowed_sources(service, family, addresses->load_balancer_ips,
                                       family == Family::ipv4 ? node.ipv4 : node.ipv6);
        const FamilyView view{service, slices, family, std::move(*addresses), std::move(sources)};
        for (const auto* port : ports) {
            plan.ports.push_back(plan_port(view, *port, node, symbols));
        }
        if (wants_health_check(service)) {
            (family == Family::ipv4 ? health.local_ready_ipv4 : health.local_ready_ipv6) =
                local_ready_count(slices, family, node);
        }
    }
    if (visible && wants_health_check(service)) {
        plan.health_check = health;
    }
    return plan;
}

}  // namespace sy
