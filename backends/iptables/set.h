// The ipsets of this backend and their members as values.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/net.h"

namespace sy::iptables {

/// What a set says of its members. Names and types of the sets follow from it.
enum class Role : uint8_t {
    cluster_ip,       // "cip": every active ClusterIP address
    vip,              // "vip": external IP and load balancer frontends
    local,            // "local": of those, policy Local with any endpoint
    ranged,           // "ranged": of those, with source ranges
    range,            // "range": frontend and allowed source
    drop,             // "drop": ClusterIP frontends whose Local list is empty for now
    node_port,        // "np": NodePorts, one member per half of the address space
    node_port_local,  // "np-local": of those, policy Local with any endpoint
    node_port_ip,     // "npip": addresses that serve NodePorts
    service_cidr,     // "cidr"
    pod_cidr,         // "pods"
    endpoint,         // "ep": every endpoint, for stray segments
    hairpin,          // "hairpin": local endpoints with themselves; where xt_bpf is missing
    affinity,         // "a-…": clients of one endpoint of one port; filled by the packet path
};

inline constexpr std::size_t kRoleCount = 14;

/// The kernel's type of a set: what a member is made of.
enum class SetType : uint8_t { ip, ip_port, ip_port_net, ip_port_ip, net, net_port };
SetType type_of(Role role);
/// "cip"; lives as long as the program.
std::string_view role_name(Role role);

/// One set. There is one per family and role, and of affinity sets one per `key`.
struct SetRef {
    Family family = Family::ipv4;
    Role role = Role::cluster_ip;
    /// Affinity only: hash of port and endpoint.
    uint64_t key = 0;

    friend auto operator<=>(const SetRef&, const SetRef&) = default;
};

/// What a set has room for; less in affinity sets, where new members push out old ones.
inline constexpr uint32_t kMaxMembers = 1U << 20;

/// "sy4-cip", "sy6-a-<base32 of key>"; at most 31 characters.
std::string set_name(const SetRef& set);
/// Inverse of set_name.
std::optional<SetRef> set_of_name(std::string_view name);

/// A set with what it is created with.
struct SetDef {
    SetRef set;
    /// Seconds a member is remembered; affinity only, otherwise 0.
    uint32_t timeout = 0;

    friend auto operator<=>(const SetDef&, const SetDef&) = default;
};

/// A member of a set; fields its type has no use for are zero. The kernel refuses prefix 0: a
/// network of everything is two members.
struct Member {
    SetRef set;
    IpAddr ip{};
    /// Of net and net_port.
    uint8_t prefix = 0;
    Protocol protocol{};
    Port port{};
    /// Of ip_port_net (with its prefix) and ip_port_ip.
    IpAddr second{};
    uint8_t second_prefix = 0;

    friend auto operator<=>(const Member&, const Member&) = default;
};

/// As `ipset` prints it: "10.96.0.1,tcp:80,203.0.113.0/29".
std::string member_text(const Member& member);

}  // namespace sy::iptables

template <>
struct std::hash<sy::iptables::Member> {
    std::size_t operator()(const sy::iptables::Member& member) const noexcept;
};
