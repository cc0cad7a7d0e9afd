#include <algorithm>
#include <set>
#include <utility>

#include "source/decode_kinds.h"

namespace sy {
namespace {

constexpr uint32_t kMaxPort = 65535;
constexpr uint32_t kMaxAffinitySeconds = 86400;
constexpr uint32_t kDefaultAffinitySeconds = 10800;

ServiceType read_type(const Field& field) {
    const auto text = field.text();
    if (text.empty() || text == "ClusterIP") {
        return ServiceType::cluster_ip;
    }
    if (text == "NodePort") {
        return ServiceType::node_port;
    }
    if (text == "LoadBalancer") {
        return ServiceType::load_balancer;
    }
    if (text != "ExternalName") {
        field.fail(in_quotes(text) +
                   " is not a type: ClusterIP, NodePort, LoadBalancer or ExternalName");
    }
    return ServiceType::external_name;
}

TrafficPolicy read_policy(const Field& field) {
    const auto text = field.text();
    if (text.empty() || text == "Cluster") {
        return TrafficPolicy::cluster;
    }
    if (text != "Local") {
        field.fail(in_quotes(text) + " is not a traffic policy: Cluster or Local");
    }
    return TrafficPolicy::local;
}

std::optional<uint32_t> read_affinity(const Field& spec) {
    const auto affinity = spec.member("sessionAffinity");
    const auto text = affinity.text();
    if (text.empty() || text == "None") {
        return std::nullopt;
    }
    if (text != "ClientIP") {
        affinity.fail(in_quotes(text) + " is not a session affinity: None or ClientIP");
    }
    const auto config = spec.member("sessionAffinityConfig");
    const auto client_ip = config.member("clientIP");
    return client_ip.member("timeoutSeconds")
        .integer(1, kMaxAffinitySeconds, "the timeout in seconds")
        .value_or(kDefaultAffinitySeconds);
}

// One of spec.clusterIP and spec.clusterIPs[i]. "None" and "" are no address.
std::optional<IpAddr> read_cluster_ip(const Field& field) {
    const auto text = field.text();
    if (text.empty() || text == "None") {
        return std::nullopt;
    }
    const auto ip = IpAddr::parse(text);
    if (!ip) {
        field.warn(in_quotes(text) + " is not an IP address and is skipped");
    }
    return ip;
}

std::vector<Family> read_families(const Field& field) {
    std::vector<Family> families;
    field.each([&](const Field& entry) {
        const auto text = entry.text();
        if (text != "IPv4" && text != "IPv6") {
            entry.fail(in_quotes(text) + " is not an IP family: IPv4 or IPv6");
            return;
        }
        families.push_back(text == "IPv4" ? Family::ipv4 : Family::ipv6);
    });
    return families;
}

// spec.clusterIP, spec.clusterIPs and spec.ipFamilies, completed from one another as the API server
// does: clusterIPs defaults to clusterIP, and ipFamilies to the families of two clusterIPs.
void read_addresses(const Field& spec, Service& service) {
    const auto single = spec.member("clusterIP");
    const auto plural = spec.member("clusterIPs");
    const auto families_field = spec.member("ipFamilies");
    service.headless = single.text() == "None";
    service.cluster_ip = read_cluster_ip(single);
    const auto families = read_families(families_field);

    std::size_t count = 0;
    plural.each([&](const Field& entry) {
        const auto index = count++;
        service.headless = service.headless || (index == 0 && entry.text() == "None");
        const auto ip = read_cluster_ip(entry);
        if (index == 0 && !single.present()) {
            service.cluster_ip = ip;
        }
        if (!ip || (families_field.present() && index >= families.size())) {
            return;
        }
        if (index < families.size() && families[index] != ip->family()) {
            entry.fail(ip->to_string() + " is not an " + std::string(to_string(families[index])) +
                       " address, as spec.ipFamilies says it is");
        }
        service.family_ips.emplace_back(ip->family(), *ip);
    });
    if (count == 0 && service.cluster_ip && !families.empty()) {
        if (families.front() != service.cluster_ip->family()) {
            single.fail(service.cluster_ip->to_string() + " is not an " +
                        std::string(to_string(families.front())) +
                        " address, as spec.ipFamilies says it is");
        }
        service.family_ips.emplace_back(families.front(), *service.cluster_ip);
    }
    if (!families_field.present() && service.family_ips.size() < 2) {
        service.family_ips.clear();  // one address: its family is plain
    }
}

std::vector<IpAddr> read_external_ips(const Field& field) {
    std::vector<IpAddr> ips;
    field.each([&](const Field& entry) {
        const auto ip = IpAddr::parse(entry.text());
        if (!ip) {
            entry.warn(in_quotes(entry.text()) + " is not an IP address and is skipped");
        } else if (!is_ordinary(*ip)) {
            entry.warn(ip->to_string() + " cannot be an external IP and is skipped");
        } else {
            ips.push_back(*ip);
        }
    });
    return ips;
}

std::vector<IpAddr> read_ingress(const Field& field) {
    std::vector<IpAddr> ips;
    field.each([&](const Field& entry) {
        const auto ip_field = entry.member("ip");
        const auto mode = entry.member("ipMode").text();
        if (ip_field.text().empty() || (!mode.empty() && mode != "VIP")) {
            return;  // a host name, or a load balancer that talks to nodes itself
        }
        if (const auto ip = IpAddr::parse(ip_field.text())) {
            ips.push_back(*ip);
        } else {
            ip_field.warn(in_quotes(ip_field.text()) + " is not an IP address and is skipped");
        }
    });
    return ips;
}

void read_source_ranges(const Field& field, Service& service) {
    field.each([&](const Field& entry) {
        service.source_ranges_set = true;
        if (const auto range = Cidr::parse(trimmed(entry.text()))) {
            service.source_ranges.push_back(*range);
        } else {
            entry.warn(in_quotes(entry.text()) +
                       " is not a network like 10.0.0.0/8 and is skipped: nobody is let in by it");
        }
    });
}

std::vector<ServicePort> read_ports(const Field& field) {
    std::vector<ServicePort> ports;
    std::set<std::string, std::less<>> names;
    std::set<std::pair<Protocol, Port>> numbers;
    bool unnamed = false;
    field.each([&](const Field& entry) {
        const auto port_field = entry.member("port");
        const auto name_field = entry.member("name");
        ServicePort port;
        port.name = name_field.text();
        port.protocol = decode_protocol(entry.member("protocol"));
        if (!port_field.present()) {
            port_field.fail("is missing: a port needs a number from 1 to 65535");
        }
        port.port =
            Port(static_cast<uint16_t>(port_field.integer(1, kMaxPort, "a port").value_or(1)));
        port.node_port = Port(static_cast<uint16_t>(
            entry.member("nodePort").integer(0, kMaxPort, "a node port").value_or(0)));
        if (!ports.empty() && (unnamed || port.name.empty())) {
            name_field.fail("with more than one port every port needs a name");
        }
        unnamed = unnamed || port.name.empty();
        if (!names.insert(port.name).second) {
            name_field.fail(in_quotes(port.name) + " names two ports: give each its own name");
        }
        if (!numbers.emplace(port.protocol, port.port).second) {
            port_field.fail(std::to_string(port.port.number()) + " is given twice for " +
                            std::string(to_string(port.protocol)) + ": keep one");
        }
        ports.push_back(std::move(port));
    });
    return ports;
}

}  // namespace

Service decode_service(const Field& root, const Identity& id) {
    const auto metadata = root.member("metadata");
    const auto labels = metadata.member("labels");
    const auto spec = root.member("spec");
    const auto status = root.member("status");
    const auto load_balancer = status.member("loadBalancer");

    Service service;
    service.name = {std::string(id.ns), std::string(id.name)};
    service.type = read_type(spec.member("type"));
    service.other_proxy = labels.member("service.kubernetes.io/service-proxy-name").present();
    service.internal_policy = read_policy(spec.member("internalTrafficPolicy"));
    service.external_policy = read_policy(spec.member("externalTrafficPolicy"));
    service.health_check_node_port =
        Port(static_cast<uint16_t>(spec.member("healthCheckNodePort")
                                       .integer(0, kMaxPort, "a health check node port")
                                       .value_or(0)));
    service.affinity_timeout = read_affinity(spec);
    read_addresses(spec, service);
    service.external_ips = read_external_ips(spec.member("externalIPs"));
    service.load_balancer_ips = read_ingress(load_balancer.member("ingress"));
    read_source_ranges(spec.member("loadBalancerSourceRanges"), service);
    service.ports = read_ports(spec.member("ports"));

    const auto cluster_ip = spec.member("clusterIP");
    if (cluster_ip.text().empty() && !service.cluster_ip && !service.headless &&
        service.type != ServiceType::external_name) {
        cluster_ip.warn("is not set: nobody allocates addresses here, so the Service has none");
    }
    return service;
}

}  // namespace sy
