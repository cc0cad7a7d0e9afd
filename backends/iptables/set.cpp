#include "backends/iptables/set.h"

#include <algorithm>
#include <array>

#include "backends/iptables/base32.h"
#include "backends/iptables/text.h"

namespace sy::iptables {
namespace {

struct RoleSpec {
    Role role;
    std::string_view name;
    SetType type;
};

constexpr std::array kRoles{
    RoleSpec{Role::cluster_ip, "cip", SetType::ip},
    RoleSpec{Role::vip, "vip", SetType::ip_port},
    RoleSpec{Role::local, "local", SetType::ip_port},
    RoleSpec{Role::ranged, "ranged", SetType::ip_port},
    RoleSpec{Role::range, "range", SetType::ip_port_net},
    RoleSpec{Role::drop, "drop", SetType::ip_port},
    RoleSpec{Role::node_port, "np", SetType::net_port},
    RoleSpec{Role::node_port_local, "np-local", SetType::net_port},
    RoleSpec{Role::node_port_ip, "npip", SetType::ip},
    RoleSpec{Role::service_cidr, "cidr", SetType::net},
    RoleSpec{Role::pod_cidr, "pods", SetType::net},
    RoleSpec{Role::endpoint, "ep", SetType::ip_port},
    RoleSpec{Role::hairpin, "hairpin", SetType::ip_port_ip},
    // "a-" and the key
    RoleSpec{Role::affinity, "a-", SetType::ip},
};

const RoleSpec& spec_of(Role role) {
    return kRoles[static_cast<std::size_t>(role)];
}

std::string_view family_prefix(Family family) {
    return family == Family::ipv4 ? "sy4-" : "sy6-";
}

/// A network of one address is printed as the address.
std::string network_text(const IpAddr& ip, uint8_t prefix) {
    return prefix == ip.bits() ? ip.to_string() : ip.to_string() + "/" + std::to_string(prefix);
}

std::string port_text(const Member& member) {
    return "," + std::string(protocol_word(member.protocol)) + ":" +
           std::to_string(member.port.number());
}

}  // namespace

SetType type_of(Role role) {
    return spec_of(role).type;
}

std::string_view role_name(Role role) {
    return spec_of(role).name;
}

std::string set_name(const SetRef& set) {
    std::string name(family_prefix(set.family));
    name += spec_of(set.role).name;
    if (set.role == Role::affinity) {
        name += base32(set.key);
    }
    return name;
}

std::optional<SetRef> set_of_name(std::string_view name) {
    const auto family = std::ranges::find_if(
        kFamilies, [&](Family f) { return name.starts_with(family_prefix(f)); });
    if (family == kFamilies.end()) {
        return std::nullopt;
    }
    SetRef set{.family = *family};
    name.remove_prefix(family_prefix(*family).size());
    if (const auto known = std::ranges::find(kRoles, name, &RoleSpec::name);
        known != kRoles.end() && known->role != Role::affinity) {
        set.role = known->role;
        return set;
    }
    const auto affinity = spec_of(Role::affinity).name;
    if (!name.starts_with(affinity)) {
        return std::nullopt;
    }
    const auto key = parse_base32(name.substr(affinity.size()));
    if (!key) {
        return std::nullopt;
    }
    set.role = Role::affinity;
    set.key = *key;
    return set;
}

std::string member_text(const Member& member) {
    switch (type_of(member.set.role)) {
        case SetType::ip:
            return member.ip.to_string();
        case SetType::ip_port:
            return member.ip.to_string() + port_text(member);
        case SetType::ip_port_net:
            return member.ip.to_string() + port_text(member) + "," +
                   network_text(member.second, member.second_prefix);
        case SetType::ip_port_ip:
            return member.ip.to_string() + port_text(member) + "," + member.second.to_string();
        case SetType::net:
            return network_text(member.ip, member.prefix);
        case SetType::net_port:
            return network_text(member.ip, member.prefix) + port_text(member);
    }
    return "";
}

}  // namespace sy::iptables

std::size_t std::hash<sy::iptables::Member>::operator()(
    const sy::iptables::Member& member) const noexcept {
    constexpr std::size_t kFactor = 0x9e37'79b9'7f4a'7c15;
    const auto mix = [](std::size_t seed, std::size_t value) {
        return (seed ^ value) * kFactor + (seed >> 29);
    };
    std::size_t seed = member.set.key;
    seed = mix(seed, (static_cast<std::size_t>(member.set.family) << 8) |
                         static_cast<std::size_t>(member.set.role));
    seed = mix(seed, std::hash<sy::IpAddr>{}(member.ip));
    seed = mix(seed, (static_cast<std::size_t>(member.prefix) << 32) |
                         (static_cast<std::size_t>(member.second_prefix) << 24) |
                         (static_cast<std::size_t>(member.protocol) << 16) | member.port.number());
    return mix(seed, std::hash<sy::IpAddr>{}(member.second));
}
