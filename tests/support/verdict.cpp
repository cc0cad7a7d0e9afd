#include "tests/support/verdict.h"

#include <algorithm>

namespace sy::lab {
namespace {

Protocol protocol_of(const Flow& flow) {
    return flow.kind == Flow::Kind::udp ? Protocol::udp : Protocol::tcp;
}

bool contains(const std::vector<Cidr>& networks, const IpAddr& ip) {
    return std::ranges::any_of(networks, [&](const Cidr& one) { return one.contains(ip); });
}

enum class Known : uint8_t { pod, stranger, nobody };

/// Whether the detector knows the client as a pod; `nobody` if the family has no detector.
Known known(const NodeFacts& facts, Place from, Family family) {
    if (const auto* cidrs = std::get_if<CidrDetector>(&facts.detector)) {
        const auto has_family = [&](const Cidr& one) { return one.family() == family; };
        if (std::ranges::any_of(cidrs->cidrs, has_family)) {
            return contains(cidrs->cidrs, address(from, family)) ? Known::pod : Known::stranger;
        }
    }
    if (std::holds_alternative<InterfaceDetector>(facts.detector)) {
        return from == Place::pod1 || from == Place::pod2 ? Known::pod : Known::stranger;
    }
    return Known::nobody;
}

struct Found {
    const PortPlan* port = nullptr;
    const Frontend* frontend = nullptr;
};

Found find(const PlanDelta& plans, const NodeFacts& facts, const Flow& flow) {
    const bool node_port =
        std::ranges::find(facts.nodeport_addresses, flow.to) != facts.nodeport_addresses.end();
    for (const auto& service : plans.changed) {
        for (const PortPlan& port : service->ports) {
            if (port.family != flow.to.family() || port.protocol != protocol_of(flow)) {
                continue;
            }
            for (const Frontend& frontend : port.frontends) {
                const bool here = frontend.kind == FrontendKind::node_port
                                      ? node_port
                                      : frontend.address == flow.to;
                if (here && frontend.port == flow.port) {
                    return {&port, &frontend};
                }
            }
        }
    }
    return {};
}

bool is_cluster_ip(const PlanDelta& plans, const IpAddr& ip) {
    for (const auto& service : plans.changed) {
        for (const PortPlan& port : service->ports) {
            for (const Frontend& frontend : port.frontends) {
                if (frontend.kind == FrontendKind::cluster_ip && frontend.address == ip) {
                    return true;
                }
            }
        }
    }
    return false;
}

/// What a packet meets that no frontend takes.
std::string elsewhere(const PlanDelta& plans, const Flow& flow) {
    const Family family = flow.to.family();
    const bool closed_port = flow.to == address(Place::node, family) ||
                             flow.to == second_node_address(family) ||
                             is_cluster_ip(plans, flow.to);
    return closed_port ? "refused" : "silent";
}

bool masqueraded(const Frontend& frontend, const NodeFacts& facts, Place from, Known client) {
    switch (frontend.masquerade) {
        case Masquerade::always:
            return true;
        case Masquerade::node_only:
            return from == Place::node;
        case Masquerade::not_pods:
            break;
    }
    return facts.masquerade_all || client == Known::stranger;
}

std::string server_of(const IpAddr& ip) {
    for (const Place place : {Place::pod1, Place::pod2, Place::podr}) {
        if (address(place, ip.family()) == ip) {
            return std::string(to_string(place));
        }
    }
    return ip.to_string();
}

}  // namespace

Expected verdict(const PlanDelta& plans, const NodeFacts& facts, const Flow& flow) {
    const Found found = find(plans, facts, flow);
    if (found.frontend == nullptr) {
        return {{elsewhere(plans, flow)}};
    }
    const Family family = flow.to.family();
    const IpAddr source = address(flow.from, family);
    if (found.frontend->check_ranges && !contains(found.port->source_ranges, source)) {
        return {{"silent"}};
    }
    const Known client = known(facts, flow.from, family);
    const bool inside = client == Known::pod || flow.from == Place::node;
    const Route& route = inside ? found.frontend->inside : found.frontend->outside;
    const std::vector<PlannedEndpoint>& endpoints = found.port->list(route.list);
    if (endpoints.empty()) {
        return {{route.on_empty == OnEmpty::reject ? "refused" : "silent"}};
    }
    Expected expected{{}, found.port->affinity_timeout.has_value()};
    const bool masquerade = masqueraded(*found.frontend, facts, flow.from, client);
    for (const PlannedEndpoint& endpoint : endpoints) {
        const bool itself = endpoint.is_local && endpoint.address.ip == source;
        expected.outcomes.insert(server_of(endpoint.address.ip) +
                                 (masquerade || itself ? " masq" : " kept"));
    }
    return expected;
}

}  // namespace sy::lab
