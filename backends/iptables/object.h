// What a Service is made of in this backend: members of sets, sets, list chains, lines of trees.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "backends/fragment.h"
#include "backends/iptables/names.h"
#include "backends/iptables/set.h"

namespace sy::iptables {

/// Rules as found in the kernel: what they stand for is unknown, and need not be known.
struct RawRules {
    std::vector<std::string> rules;

    friend auto operator<=>(const RawRules&, const RawRules&) = default;
};

/// Endpoints to translate to. Never empty.
struct EndpointList {
    Protocol protocol = Protocol::tcp;
    /// Seconds a client is remembered; 0: not.
    uint32_t timeout = 0;
    std::vector<EndpointAddr> endpoints;

    friend auto operator<=>(const EndpointList&, const EndpointList&) = default;
};

/// The chain of a list, shared by all frontends of its port.
struct ListChain {
    Family family = Family::ipv4;
    ListId list = ListId::cluster;
    PortId port;
    std::variant<EndpointList, RawRules> content;

    friend auto operator<=>(const ListChain&, const ListChain&) = default;
};

/// The trees that find the list of a frontend. For each there is a root that constant rules lead
/// to.
enum class TreeId : uint8_t {
    address,        // SY-C: by address
    address_local,  // SY-D: by address, for outsiders under external policy Local
    port,           // SY-N: NodePorts
    port_local,     // SY-M: NodePorts, for outsiders under external policy Local
};
inline constexpr std::array kTrees{TreeId::address, TreeId::address_local, TreeId::port,
                                   TreeId::port_local};

constexpr bool is_port_tree(TreeId tree) {
    return tree == TreeId::port || tree == TreeId::port_local;
}

/// What finds a line. Lines of a leaf are in this order.
struct LineKey {
    Family family = Family::ipv4;
    TreeId tree = TreeId::address;
    /// Unspecified in trees of ports.
    IpAddr address;
    Protocol protocol = Protocol::tcp;
    Port port;

    friend auto operator<=>(const LineKey&, const LineKey&) = default;
};

/// To the chain of a list.
struct ToList {
    ListId list = ListId::cluster;
    PortId port;

    friend auto operator<=>(const ToList&, const ToList&) = default;
};
/// To one of these endpoints, by rules of the line itself. Never empty.
struct ToEndpoints {
    std::vector<EndpointAddr> endpoints;

    friend auto operator<=>(const ToEndpoints&, const ToEndpoints&) = default;
};
using Target = std::variant<ToList, ToEndpoints, RawRules>;

/// A frontend in a tree: one rule, or as many as it has endpoints.
struct TreeLine {
    LineKey key;
    Target target;

    friend auto operator<=>(const TreeLine&, const TreeLine&) = default;
};

using Object = std::variant<SetDef, Member, ListChain, TreeLine>;

/// A Service as objects. Shared are members of cluster_ip, endpoint and hairpin.
using Fragment = sy::Fragment<Object>;

}  // namespace sy::iptables

template <>
struct std::hash<sy::iptables::SetDef> {
    std::size_t operator()(const sy::iptables::SetDef& set) const noexcept { return set.set.key; }
};
template <>
struct std::hash<sy::iptables::ListChain> {
    std::size_t operator()(const sy::iptables::ListChain& chain) const noexcept {
        return std::hash<std::string_view>{}(chain.port.view());
    }
};
template <>
struct std::hash<sy::iptables::TreeLine> {
    std::size_t operator()(const sy::iptables::TreeLine& line) const noexcept {
        return std::hash<sy::IpAddr>{}(line.key.address) * 31 + line.key.port.number();
    }
};
