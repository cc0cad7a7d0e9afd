#include "tests/support/objects.h"

namespace sy::lab {
namespace {

SymbolList intern(Symbols& symbols, const std::vector<std::string>& names) {
    std::vector<Symbol> list;
    for (const std::string& name : names) {
        list.push_back(symbols.intern(name));
    }
    return symbols.intern(list);
}

}  // namespace

ServiceName service_name(std::string_view full_name) {
    const std::size_t slash = full_name.find('/');
    return {std::string(full_name.substr(0, slash)), std::string(full_name.substr(slash + 1))};
}

ServiceSpec::ServiceSpec(std::string_view full_name) {
    service_.name = service_name(full_name);
}

ServiceSpec& ServiceSpec::ip(const IpAddr& address) {
    if (!service_.cluster_ip) {
        service_.cluster_ip = address;
        return *this;
    }
    const IpAddr first = *service_.cluster_ip;
    service_.family_ips = {{first.family(), first}, {address.family(), address}};
    return *this;
}

ServiceSpec& ServiceSpec::port(uint16_t number, Protocol protocol, std::string name) {
    service_.ports.push_back({std::move(name), protocol, Port(number), Port()});
    return *this;
}

ServiceSpec& ServiceSpec::node_port(uint16_t number) {
    service_.ports.back().node_port = Port(number);
    if (service_.type == ServiceType::cluster_ip) {
        service_.type = ServiceType::node_port;
    }
    return *this;
}

ServiceSpec& ServiceSpec::load_balancer(const IpAddr& vip) {
    service_.load_balancer_ips.push_back(vip);
    service_.type = ServiceType::load_balancer;
    return *this;
}

ServiceSpec& ServiceSpec::external_ip(const IpAddr& vip) {
    service_.external_ips.push_back(vip);
    return *this;
}

ServiceSpec& ServiceSpec::allow(std::string_view cidr) {
    service_.source_ranges_set = true;
    service_.source_ranges.push_back(Cidr::parse(cidr).value());
    return *this;
}

ServiceSpec& ServiceSpec::type(ServiceType type) {
    service_.type = type;
    return *this;
}

ServiceSpec& ServiceSpec::internal_local() {
    service_.internal_policy = TrafficPolicy::local;
    return *this;
}

ServiceSpec& ServiceSpec::external_local() {
    service_.external_policy = TrafficPolicy::local;
    return *this;
}

ServiceSpec& ServiceSpec::health_check(uint16_t number) {
    service_.health_check_node_port = Port(number);
    return *this;
}

ServiceSpec& ServiceSpec::sticky(uint32_t seconds) {
    service_.affinity_timeout = seconds;
    return *this;
}

SliceSpec::SliceSpec(std::string_view full_service_name, Family family, std::string_view suffix) {
    const ServiceName service = service_name(full_service_name);
    slice_.ns = service.ns;
    slice_.service = service.name;
    slice_.name = service.name + (family == Family::ipv4 ? "-4-" : "-6-") + std::string(suffix);
    slice_.family = family;
}

SliceSpec& SliceSpec::port(uint16_t number, Protocol protocol, std::string name) {
    slice_.ports.push_back({std::move(name), protocol, Port(number)});
    return *this;
}

SliceSpec& SliceSpec::endpoint(const IpAddr& address, std::string node, Pod pod,
                               std::vector<std::string> zones, std::vector<std::string> nodes) {
    Endpoint endpoint;
    endpoint.address = address;
    endpoint.ready = pod == Pod::ready || pod == Pod::published;
    endpoint.serving = pod == Pod::ready || pod == Pod::terminating;
    endpoint.terminating = pod == Pod::terminating || pod == Pod::gone;
    endpoints_.push_back({endpoint, std::move(node), std::move(zones), std::move(nodes)});
    return *this;
}

EndpointSlice SliceSpec::object(Symbols& symbols) const {
    EndpointSlice slice = slice_;
    for (const Named& named : endpoints_) {
        Endpoint endpoint = named.endpoint;
        endpoint.node = symbols.intern(named.node);
        endpoint.zone_hints = intern(symbols, named.zones);
        endpoint.node_hints = intern(symbols, named.nodes);
        slice.endpoints.push_back(endpoint);
    }
    return slice;
}

ServiceSpec service(std::string_view full_name) {
    return ServiceSpec(full_name);
}

SliceSpec slice(std::string_view full_service_name, Family family, std::string_view suffix) {
    return {full_service_name, family, suffix};
}

}  // namespace sy::lab
