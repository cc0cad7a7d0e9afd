#include <arpa/inet.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <netinet/in.h>

#include "backends/iptables/kernel/set_message.h"

namespace sy::iptables {
namespace {

/// An address stands in a nest of its own.
std::optional<IpAddr> address(Bytes payload) {
    std::optional<IpAddr> ip;
    for_each_attribute(payload, [&ip](unsigned, Bytes bytes) { ip = IpAddr::from_bytes(bytes); });
    return ip;
}

std::optional<Protocol> protocol(Bytes payload) {
    const auto value = static_cast<Protocol>(number<uint8_t>(payload));
    const bool known = value == Protocol::tcp || value == Protocol::udp || value == Protocol::sctp;
    return known ? std::optional(value) : std::nullopt;
}

/// One of ours, or nothing.
std::optional<Member> parse_member(Bytes data, const SetRef& set) {
    const SetType type = type_of(set.role);
    Member member;
    member.set = set;
    std::optional<IpAddr> ip;
    std::optional<IpAddr> second;
    std::optional<Protocol> proto;
    uint32_t flags = 0;
    for_each_attribute(data, [&](unsigned attribute, Bytes payload) {
        switch (attribute) {
            case IPSET_ATTR_IP:
                ip = address(payload);
                break;
            case IPSET_ATTR_IP2:
                second = address(payload);
                break;
            case IPSET_ATTR_CIDR:
                member.prefix = number<uint8_t>(payload);
                break;
            case IPSET_ATTR_CIDR2:
                member.second_prefix = number<uint8_t>(payload);
                break;
            case IPSET_ATTR_PORT:
                member.port = Port(ntohs(number<uint16_t>(payload)));
                break;
            case IPSET_ATTR_PROTO:
                proto = protocol(payload);
                break;
            case IPSET_ATTR_CADT_FLAGS:
                flags = ntohl(number<uint32_t>(payload));
                break;
            default:
                break;
        }
    });
    const bool has_port = type != SetType::ip && type != SetType::net;
    const bool has_second = type == SetType::ip_port_ip || type == SetType::ip_port_net;
    if (!ip || ip->family() != set.family || (has_port && !proto) || (has_second && !second) ||
        flags != 0) {
        return std::nullopt;
    }
    member.ip = *ip;
    member.protocol = proto.value_or(Protocol{});
    member.second = second.value_or(IpAddr());
    return member;
}

}  // namespace

uint32_t refused_line(const Message& answer) {
    // The kernel writes it into the copy of our request.
    uint32_t line = 0;
    for_each_attribute(answer.refused, [&line](unsigned type, Bytes payload) {
        line = type == IPSET_ATTR_LINENO ? number<uint32_t>(payload) : line;
    });
    return line;
}

ProtocolRange parse_protocol_range(Bytes attributes) {
    ProtocolRange range;
    for_each_attribute(attributes, [&range](unsigned type, Bytes payload) {
        if (type == IPSET_ATTR_PROTOCOL) {
            range.newest = number<uint8_t>(payload);
        } else if (type == IPSET_ATTR_PROTOCOL_MIN) {
            range.oldest = number<uint8_t>(payload);
        }
    });
    return range;
}

RevisionRange parse_revisions(Bytes attributes) {
    RevisionRange range;
    for_each_attribute(attributes, [&range](unsigned type, Bytes payload) {
        if (type == IPSET_ATTR_REVISION) {
            range.newest = number<uint8_t>(payload);
        } else if (type == IPSET_ATTR_REVISION_MIN) {
            range.oldest = number<uint8_t>(payload);
        }
    });
    return range;
}

ListedSet parse_listed(Bytes attributes, const std::optional<SetRef>& of) {
    ListedSet set;
    for_each_attribute(attributes, [&](unsigned type, Bytes payload) {
        switch (type) {
            case IPSET_ATTR_SETNAME:
                set.name = text(payload);
                break;
            case IPSET_ATTR_TYPENAME:
                set.type = text(payload);
                break;
            case IPSET_ATTR_FAMILY: {
                const auto family = number<uint8_t>(payload);
                if (family == AF_INET || family == AF_INET6) {
                    set.family = family == AF_INET ? Family::ipv4 : Family::ipv6;
                }
                break;
            }
            case IPSET_ATTR_DATA:
                for_each_attribute(payload, [&set](unsigned setting, Bytes value) {
                    if (setting == IPSET_ATTR_TIMEOUT) {
                        set.timeout = ntohl(number<uint32_t>(value));
                    }
                });
                break;
            case IPSET_ATTR_ADT:
                if (of) {
                    for_each_attribute(payload, [&](unsigned, Bytes data) {
                        if (auto member = parse_member(data, *of)) {
                            set.members.push_back(*member);
                        }
                    });
                }
                break;
            default:
                break;
        }
    });
    return set;
}

}  // namespace sy::iptables
