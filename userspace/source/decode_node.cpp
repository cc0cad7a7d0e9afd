#include <algorithm>
#include <array>

#include "source/decode_kinds.h"

namespace sy {
namespace {

/// Key of the taint that the cluster autoscaler puts on a node it is about to remove.
constexpr std::string_view kAutoscaler = "ToBeDeletedByClusterAutoscaler";

std::vector<Cidr> read_networks(const Field& field) {
    std::vector<Cidr> networks;
    field.each([&](const Field& entry) {
        if (const auto network = Cidr::parse(entry.text())) {
            networks.push_back(*network);
        } else {
            entry.warn(in_quotes(entry.text()) +
                       " is not a network like 10.0.0.0/8 and is skipped");
        }
    });
    return networks;
}

void read_node_addresses(const Field& field, std::string_view wanted, std::vector<IpAddr>& out) {
    field.each([&](const Field& entry) {
        const auto address = entry.member("address");
        if (entry.member("type").text() != wanted) {
            return;
        }
        if (const auto ip = IpAddr::parse(address.text())) {
            out.push_back(*ip);
        } else {
            address.warn(in_quotes(address.text()) + " is not an IP address and is skipped");
        }
    });
}

}  // namespace

Node decode_node(const Field& root, const Identity& id) {
    const auto metadata = root.member("metadata");
    const auto labels = metadata.member("labels");
    const auto spec = root.member("spec");
    const auto status = root.member("status");
    const auto addresses = status.member("addresses");
    Node node;
    node.name = id.name;
    node.zone = labels.member("topology.kubernetes.io/zone").text();
    read_node_addresses(addresses, "InternalIP", node.addresses);
    read_node_addresses(addresses, "ExternalIP", node.addresses);
    node.deleting = metadata.member("deletionTimestamp").present();
    spec.member("taints").each([&](const Field& taint) {
        node.autoscaler_taint = node.autoscaler_taint || taint.member("key").text() == kAutoscaler;
    });
    node.pod_cidrs = read_networks(spec.member("podCIDRs"));
    if (const auto single = spec.member("podCIDR").text();
        node.pod_cidrs.empty() && !single.empty()) {
        if (const auto network = Cidr::parse(single)) {
            node.pod_cidrs.push_back(*network);
        } else {
            spec.member("podCIDR").warn(in_quotes(single) +
                                        " is not a network like 10.0.0.0/8 and is skipped");
        }
    }
    return node;
}

ServiceCidr decode_service_cidr(const Field& root, const Identity& id) {
    const auto spec = root.member("spec");
    return {std::string(id.name), read_networks(spec.member("cidrs"))};
}

Protocol decode_protocol(const Field& field) {
    const auto text = field.text();
    if (text.empty()) {
        return Protocol::tcp;
    }
    const auto protocol = parse_protocol(text);
    if (!protocol) {
        field.fail(in_quotes(text) + " is not a protocol: TCP, UDP or SCTP");
    }
    return protocol.value_or(Protocol::tcp);
}

bool is_ordinary(const IpAddr& ip) {
    const auto bytes = ip.bytes();
    if (ip.is_unspecified() || ip.is_loopback()) {
        return false;
    }
    if (ip.family() == Family::ipv4) {
        const bool link_local = bytes[0] == 169 && bytes[1] == 254;
        const bool local_multicast = bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0;
        return !link_local && !local_multicast;
    }
    const bool link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80U;
    const bool local_multicast = bytes[0] == 0xff && (bytes[1] & 0x0fU) == 0x02U;
    return !link_local && !local_multicast;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\n\v\f\r";
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace sy
