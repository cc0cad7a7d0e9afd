#include "agent/nodeport_addresses.h"

#include <algorithm>

namespace sy {
namespace {

bool is_link_local(const IpAddr& ip) {
    static const Cidr kV4 = *Cidr::make(IpAddr::v4(169, 254, 0, 0), 16);
    static const Cidr kV6 = *Cidr::parse("fe80::/10");
    return kV4.contains(ip) || kV6.contains(ip);
}

bool selected(const NodePortSelection& selection, const IpAddr& ip) {
    bool any_of_family = false;
    for (const Cidr& cidr : selection.cidrs) {
        if (cidr.family() == ip.family()) {
            if (cidr.contains(ip)) {
                return true;
            }
            any_of_family = true;
        }
    }
    return !any_of_family;
}

}  // namespace

NodeIps node_ips(const std::optional<IpAddr>& bind_address,
                 std::span<const IpAddr> node_object_addresses) {
    NodeIps ips;
    const auto take = [&ips](const IpAddr& ip) {
        auto& slot = ip.family() == Family::ipv4 ? ips.ipv4 : ips.ipv6;
        if (!slot) {
            slot = ip;
        }
    };
    if (bind_address && !bind_address->is_unspecified()) {
        take(*bind_address);
    }
    std::for_each(node_object_addresses.begin(), node_object_addresses.end(), take);
    return ips;
}

NodePortAddresses nodeport_addresses(const NodePortSelection& selection,
                                     std::span<const IpAddr> interface_addresses,
                                     const NodeIps& ips) {
    NodePortAddresses out;
    for (const Family family : kFamilies) {
        const auto& own = ips.of(family);
        bool worth_a_word = false;
        for (const IpAddr& ip : interface_addresses) {
            if (ip.family() != family || ip.is_loopback()) {
                continue;
            }
            worth_a_word = worth_a_word || !is_link_local(ip);
            if (selection.primary ? own == ip : selected(selection, ip)) {
                out.addresses.push_back(ip);
            }
        }
        if (selection.primary && !own && worth_a_word) {
            out.unknown_primary.push_back(family);
        }
    }
    std::sort(out.addresses.begin(), out.addresses.end());
    out.addresses.erase(std::unique(out.addresses.begin(), out.addresses.end()),
                        out.addresses.end());
    return out;
}

}  // namespace sy
