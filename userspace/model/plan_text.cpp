#include "model/plan_text.h"

#include "base/text.h"

namespace sy {
namespace {

std::string_view word(FrontendKind kind) {
    switch (kind) {
        case FrontendKind::cluster_ip:
            return "ClusterIP";
        case FrontendKind::load_balancer_ip:
            return "LoadBalancer";
        case FrontendKind::external_ip:
            return "ExternalIP";
        case FrontendKind::node_port:
            return "NodePort";
    }
    return "?";
}

std::string_view word(Masquerade masquerade) {
    switch (masquerade) {
        case Masquerade::not_pods:
            return "masquerade all but pods";
        case Masquerade::always:
            return "masquerade all";
        case Masquerade::node_only:
            return "masquerade the node";
    }
    return "?";
}

template <class... Parts>
std::string cat(const Parts&... parts) {
    std::string all;
    (all.append(std::string_view(parts)), ...);
    return all;
}

std::string text(const IpAddr& ip, Port port) {
    const auto number = std::to_string(port.number());
    return ip.family() == Family::ipv4 ? cat(ip.to_string(), ":", number)
                                       : cat("[", ip.to_string(), "]:", number);
}

std::string place(FrontendKind kind, const IpAddr& address, Port port) {
    return cat(
        word(kind), " ",
        kind == FrontendKind::node_port ? std::to_string(port.number()) : text(address, port));
}

std::string text(const Route& route) {
    return cat(route.list == ListId::cluster ? "cluster" : "local",
               route.on_empty == OnEmpty::reject ? " or reject" : " or drop");
}

std::string text(const Frontend& frontend) {
    const auto route =
        frontend.inside == frontend.outside
            ? text(frontend.inside)
            : cat("inside ", text(frontend.inside), ", outside ", text(frontend.outside));
    return cat("    ", place(frontend.kind, frontend.address, frontend.port), " -> ", route, ", ",
               word(frontend.masquerade),
               frontend.check_ranges ? ", from allowed sources only" : "", "\n");
}

/// "    title: item item", or "none" where there is no item.
template <class List, class Print>
std::string listing(std::string_view title, const List& list, Print print) {
    auto line = cat("    ", title, ":");
    for (const auto& item : list) {
        line += cat(" ", print(item));
    }
    return cat(line, list.empty() ? " none\n" : "\n");
}

std::string text(const PlannedEndpoint& endpoint) {
    return cat(text(endpoint.address.ip, endpoint.address.port), endpoint.is_local ? "(here)" : "");
}

bool checks_ranges(const PortPlan& port) {
    for (const auto& frontend : port.frontends) {
        if (frontend.check_ranges) {
            return true;
        }
    }
    return false;
}

bool uses(const PortPlan& port, ListId list) {
    for (const auto& frontend : port.frontends) {
        if (frontend.inside.list == list || frontend.outside.list == list) {
            return true;
        }
    }
    return false;
}

std::string heading(Family family, Protocol protocol) {
    return cat(to_string(family), " ", to_string(protocol));
}

std::string text(const PortPlan& port) {
    const auto print_endpoint = [](const PlannedEndpoint& endpoint) { return text(endpoint); };
    auto lines =
        cat("  ", heading(port.family, port.protocol), " \"", printable(port.name), "\"\n");
    for (const auto& frontend : port.frontends) {
        lines += text(frontend);
    }
    if (uses(port, ListId::cluster)) {
        lines += listing("cluster", port.cluster, print_endpoint);
    }
    if (uses(port, ListId::local)) {
        lines += listing("local", port.local, print_endpoint);
    }
    if (checks_ranges(port)) {
        lines += listing("allowed sources", port.source_ranges,
                         [](const Cidr& range) { return range.to_string(); });
    }
    if (port.affinity_timeout) {
        lines += cat("    affinity: ", std::to_string(*port.affinity_timeout), " s\n");
    }
    if (port.protocol == Protocol::udp) {
        lines += listing("serving", port.serving, [](const EndpointAddr& address) {
            return text(address.ip, address.port);
        });
    }
    if (port.no_local_internal || port.no_local_external) {
        lines += cat("    no local endpoint for:", port.no_local_internal ? " internal" : "",
                     port.no_local_external ? " external" : "", "\n");
    }
    return lines;
}

std::string text(const LostFrontend& lost) {
    return cat("  lost ", heading(lost.family, lost.protocol), " ",
               place(lost.kind, lost.address, lost.port), " to ",
               printable(lost.holder.to_string()), "\n");
}

}  // namespace

std::string plan_text(const ServicePlan& plan) {
    auto lines = cat("Service ", printable(plan.name.to_string()), "\n");
    for (const auto& port : plan.ports) {
        lines += text(port);
    }
    if (plan.health_check) {
        const auto& check = *plan.health_check;
        lines += cat("  health check on ", std::to_string(check.node_port.number()), ": ",
                     std::to_string(check.local_ready_ipv4), " local in IPv4, ",
                     std::to_string(check.local_ready_ipv6), " in IPv6\n");
    }
    for (const auto& lost : plan.lost) {
        lines += text(lost);
    }
    return lines;
}

}  // namespace sy
