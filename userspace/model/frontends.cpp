#include "model/frontends.h"

#include <algorithm>
#include <tuple>

namespace sy {
namespace {

std::optional<IpAddr> cluster_ip_in(const Service& service, Family family) {
    if (service.other_proxy || service.headless || service.type == ServiceType::external_name ||
        !service.cluster_ip) {
        return std::nullopt;
    }
    if (service.family_ips.empty()) {
        return service.cluster_ip->family() == family ? service.cluster_ip : std::nullopt;
    }
    for (const auto& [ip_family, ip] : service.family_ips) {
        if (ip_family == family && ip.family() == family) {
            return ip;
        }
    }
    return std::nullopt;
}

/// Those of `all` that a packet of `family` can be sent to, sorted and unique.
std::vector<IpAddr> usable(const std::vector<IpAddr>& all, Family family) {
    std::vector<IpAddr> ips;
    for (const auto& ip : all) {
        if (ip.family() == family && !ip.is_unspecified()) {
            ips.push_back(ip);
        }
    }
    std::ranges::sort(ips);
    ips.erase(std::ranges::unique(ips).begin(), ips.end());
    return ips;
}

}  // namespace

std::optional<ServiceAddresses> addresses_in(const Service& service, Family family) {
    const auto cluster_ip = cluster_ip_in(service, family);
    if (!cluster_ip || cluster_ip->is_unspecified()) {
        return std::nullopt;
    }
    ServiceAddresses found{*cluster_ip, usable(service.load_balancer_ips, family),
                           usable(service.external_ips, family)};
    std::erase(found.load_balancer_ips, *cluster_ip);
    std::erase_if(found.external_ips, [&](const IpAddr& ip) {
        return ip == *cluster_ip || std::ranges::binary_search(found.load_balancer_ips, ip);
    });
    return found;
}

std::vector<const ServicePort*> served_ports(const Service& service) {
    const auto key = [](const ServicePort* port) { return std::tie(port->protocol, port->name); };
    std::vector<const ServicePort*> ports;
    ports.reserve(service.ports.size());
    for (const auto& port : service.ports) {
        if (port.port != Port{}) {
            ports.push_back(&port);
        }
    }
    // Of equal ones the last of the list comes first, and unique keeps the first.
    std::ranges::sort(ports, [&](const ServicePort* a, const ServicePort* b) {
        return key(a) != key(b) ? key(a) < key(b) : a > b;
    });
    ports.erase(std::ranges::unique(ports, {}, key).begin(), ports.end());
    return ports;
}

bool has_external_local(const Service& service) {
    const bool reachable =
        service.type == ServiceType::load_balancer || service.type == ServiceType::node_port ||
        (service.type == ServiceType::cluster_ip && !service.external_ips.empty());
    return reachable && service.external_policy == TrafficPolicy::local;
}

}  // namespace sy

std::size_t std::hash<sy::FrontendKey>::operator()(const sy::FrontendKey& key) const noexcept {
    const auto port = static_cast<std::size_t>(key.port.number());
    const auto protocol = static_cast<std::size_t>(key.protocol);
    return std::hash<sy::IpAddr>{}(key.address) ^ ((port << 8 | protocol) * 0x9e3779b97f4a7c15ULL);
}
