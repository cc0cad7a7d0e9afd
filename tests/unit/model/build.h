// Cluster objects in few words, for tests.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/symbols.h"
#include "model/event.h"
#include "model/plan.h"
#include "model/select.h"

namespace sy::test {

inline IpAddr ip(std::string_view text) {
    const auto parsed = IpAddr::parse(text);
    if (!parsed) {
        throw std::invalid_argument(std::string(text));
    }
    return *parsed;
}

inline Cidr net(std::string_view text) {
    const auto parsed = Cidr::parse(text);
    if (!parsed) {
        throw std::invalid_argument(std::string(text));
    }
    return *parsed;
}

inline std::vector<IpAddr> ips(std::initializer_list<std::string_view> texts) {
    std::vector<IpAddr> all;
    for (const auto text : texts) {
        all.push_back(ip(text));
    }
    return all;
}

inline std::vector<Cidr> nets(std::initializer_list<std::string_view> texts) {
    std::vector<Cidr> all;
    for (const auto text : texts) {
        all.push_back(net(text));
    }
    return all;
}

inline EndpointAddr at(std::string_view address, uint16_t port) {
    return {ip(address), Port(port)};
}

/// A ClusterIP Service with the unnamed port 80/TCP.
inline Service service(const std::string& name, std::string_view cluster_ip) {
    Service s;
    s.name = {"default", name};
    s.cluster_ip = ip(cluster_ip);
    s.ports = {{.name = "", .protocol = Protocol::tcp, .port = Port(80), .node_port = Port()}};
    return s;
}

/// The same in both families.
inline Service dual(const std::string& name, std::string_view v4, std::string_view v6) {
    auto s = service(name, v4);
    s.family_ips = {{Family::ipv4, ip(v4)}, {Family::ipv6, ip(v6)}};
    return s;
}

/// A slice of the family of its first endpoint, with the unnamed port 8080/TCP.
inline EndpointSlice slice(const std::string& service_name, const std::string& name,
                           std::vector<Endpoint> endpoints) {
    EndpointSlice s;
    s.ns = "default";
    s.name = name;
    s.service = service_name;
    s.family = endpoints.empty() ? Family::ipv4 : endpoints.front().address.family();
    s.ports = {{.name = "", .protocol = Protocol::tcp, .port = Port(8080)}};
    s.endpoints = std::move(endpoints);
    return s;
}

/// The names of a little cluster: this node is "here" in zone "a".
class Names {
  public:
    Symbols symbols;

    NodeView view(std::string_view zone = "a") {
        NodeView node;
        node.name = symbols.intern("here");
        node.zone = symbols.intern(zone);
        return node;
    }
    SymbolList list(std::initializer_list<std::string_view> texts) {
        std::vector<Symbol> all;
        for (const auto text : texts) {
            all.push_back(symbols.intern(text));
        }
        return symbols.intern(all);
    }
    /// `state`: 'R' ready, 'T' terminating and serving, 'X' neither.
    Endpoint endpoint(std::string_view address, char state = 'R', std::string_view node = "there") {
        Endpoint e;
        e.address = ip(address);
        e.ready = state == 'R';
        e.serving = state != 'X';
        e.terminating = state == 'T';
        e.node = symbols.intern(node);
        return e;
    }
    Endpoint local(std::string_view address, char state = 'R') {
        return endpoint(address, state, "here");
    }
    Endpoint zoned(std::string_view address, std::initializer_list<std::string_view> zones,
                   char state = 'R', std::string_view node = "there") {
        auto e = endpoint(address, state, node);
        e.zone_hints = list(zones);
        return e;
    }
    ServicePlan plan(const Service& s, const std::vector<EndpointSlice>& slices) {
        return plan(s, slices, view());
    }
    ServicePlan plan(const Service& s, const std::vector<EndpointSlice>& slices,
                     const NodeView& node) {
        std::vector<const EndpointSlice*> pointers;
        for (const auto& one : slices) {
            pointers.push_back(&one);
        }
        return select(s, pointers, node, symbols);
    }
};

/// The endpoint addresses of a list, without ports.
inline std::vector<std::string> addresses(const std::vector<PlannedEndpoint>& list) {
    std::vector<std::string> all;
    for (const auto& endpoint : list) {
        all.push_back(endpoint.address.ip.to_string());
    }
    return all;
}

}  // namespace sy::test
