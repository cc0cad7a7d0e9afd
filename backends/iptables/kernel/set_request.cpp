#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <utility>

#include "backends/iptables/kernel/set_message.h"

namespace sy::iptables {
namespace {

constexpr uint32_t kAffinityMembers = 1U << 16;
// There may be thousands of affinity sets, and most have few members: the kernel's smallest table.
constexpr uint32_t kAffinityBuckets = 64;

// A nest is at most 64 KiB.
constexpr std::size_t kRoom = 60 * 1024;
constexpr std::size_t kLargestMember = 104;
constexpr std::size_t kLargestHead = 128;

/// One message in the making.
class Request {
  public:
    Request(RequestHead head, int command, unsigned flags, std::size_t capacity = 1024)
        : bytes_(capacity), message_(mnl_nlmsg_put_header(bytes_.data())) {
        message_->nlmsg_type = static_cast<uint16_t>((NFNL_SUBSYS_IPSET << 8) | command);
        message_->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
        message_->nlmsg_seq = head.sequence;
        auto* generic =
            static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message_, sizeof(nfgenmsg)));
        generic->nfgen_family = AF_INET;
        generic->version = NFNETLINK_V0;
        mnl_attr_put_u8(message_, IPSET_ATTR_PROTOCOL, head.protocol);
    }

    std::size_t size() const { return message_->nlmsg_len; }
    void put8(unsigned type, uint8_t value) { mnl_attr_put_u8(message_, attr(type), value); }
    /// In the host's order.
    void put32(unsigned type, uint32_t value) { mnl_attr_put_u32(message_, attr(type), value); }
    /// In network order, marked as such.
    void put_be16(unsigned type, uint16_t value) {
        mnl_attr_put_u16(message_, attr(type | NLA_F_NET_BYTEORDER), htons(value));
    }
    void put_be32(unsigned type, uint32_t value) {
        mnl_attr_put_u32(message_, attr(type | NLA_F_NET_BYTEORDER), htonl(value));
    }
    void put_text(unsigned type, const char* text) {
        mnl_attr_put_strz(message_, attr(type), text);
    }
    void put_address(unsigned type, const IpAddr& ip) {
        nlattr* nest = open(type);
        const unsigned kind =
            ip.family() == Family::ipv4 ? IPSET_ATTR_IPADDR_IPV4 : IPSET_ATTR_IPADDR_IPV6;
        mnl_attr_put(message_, attr(kind | NLA_F_NET_BYTEORDER), ip.bytes().size(),
                     ip.bytes().data());
        close(nest);
    }
    nlattr* open(unsigned type) { return mnl_attr_nest_start(message_, attr(type)); }
    void close(nlattr* nest) { mnl_attr_nest_end(message_, nest); }

    std::vector<uint8_t> take() && {
        bytes_.resize(size());
        return std::move(bytes_);
    }

  private:
    static uint16_t attr(unsigned type) { return static_cast<uint16_t>(type); }

    std::vector<uint8_t> bytes_;
    nlmsghdr* message_;
};

uint8_t protocol_family(Family family) {
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

void put_port(Request& request, const Member& member) {
    request.put_be16(IPSET_ATTR_PORT, member.port.number());
    request.put8(IPSET_ATTR_PROTO, static_cast<uint8_t>(member.protocol));
}

void put_member(Request& request, const Member& member) {
    request.put_address(IPSET_ATTR_IP, member.ip);
    const SetType type = type_of(member.set.role);
    if (type == SetType::net || type == SetType::net_port) {
        request.put8(IPSET_ATTR_CIDR, member.prefix);
    }
    if (type != SetType::ip && type != SetType::net) {
        put_port(request, member);
    }
    if (type == SetType::ip_port_ip || type == SetType::ip_port_net) {
        request.put_address(IPSET_ATTR_IP2, member.second);
    }
    if (type == SetType::ip_port_net) {
        request.put8(IPSET_ATTR_CIDR2, member.second_prefix);
    }
}

}  // namespace

SetShape shape_of(const SetDef& def) {
    return {set_name(def.set), type_of(def.set.role), def.set.family, def.timeout};
}

std::vector<uint8_t> protocol_request(uint32_t sequence) {
    return Request({kNewestProtocol, sequence}, IPSET_CMD_PROTOCOL, NLM_F_ACK).take();
}

std::vector<uint8_t> type_request(RequestHead head, SetType type, Family family) {
    Request request(head, IPSET_CMD_TYPE, NLM_F_ACK);
    request.put_text(IPSET_ATTR_TYPENAME, spec_of(type).name);
    request.put8(IPSET_ATTR_FAMILY, protocol_family(family));
    return std::move(request).take();
}

std::vector<uint8_t> create_request(RequestHead head, const SetShape& shape, uint8_t revision) {
    Request request(head, IPSET_CMD_CREATE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    request.put_text(IPSET_ATTR_SETNAME, shape.name.c_str());
    request.put_text(IPSET_ATTR_TYPENAME, spec_of(shape.type).name);
    request.put8(IPSET_ATTR_REVISION, revision);
    request.put8(IPSET_ATTR_FAMILY, protocol_family(shape.family));
    nlattr* data = request.open(IPSET_ATTR_DATA);
    if (shape.timeout == 0) {
        request.put_be32(IPSET_ATTR_MAXELEM, kMaxMembers);
    } else {
        request.put_be32(IPSET_ATTR_HASHSIZE, kAffinityBuckets);
        request.put_be32(IPSET_ATTR_MAXELEM, kAffinityMembers);
        request.put_be32(IPSET_ATTR_TIMEOUT, shape.timeout);
        request.put_be32(IPSET_ATTR_CADT_FLAGS, IPSET_FLAG_WITH_FORCEADD);
    }
    request.close(data);
    return std::move(request).take();
}

std::vector<uint8_t> destroy_request(RequestHead head, const std::string& name) {
    // With NLM_F_EXCL a set that is not there is a failure.
    Request request(head, IPSET_CMD_DESTROY, NLM_F_ACK | NLM_F_EXCL);
    request.put_text(IPSET_ATTR_SETNAME, name.c_str());
    return std::move(request).take();
}

std::vector<uint8_t> headers_request(RequestHead head) {
    Request request(head, IPSET_CMD_LIST, NLM_F_ACK | NLM_F_DUMP);
    request.put_be32(IPSET_ATTR_FLAGS, IPSET_FLAG_LIST_HEADER);
    return std::move(request).take();
}

std::vector<uint8_t> members_request(RequestHead head, const std::string& name) {
    Request request(head, IPSET_CMD_LIST, NLM_F_ACK | NLM_F_DUMP);
    request.put_text(IPSET_ATTR_SETNAME, name.c_str());
    return std::move(request).take();
}

MembersChange change_request(RequestHead head, const std::string& set, bool remove,
                             std::span<const Member* const> members) {
    Request request(
        head, remove ? IPSET_CMD_DEL : IPSET_CMD_ADD, NLM_F_ACK,
        kLargestHead + std::min(members.size() * kLargestMember, kRoom + kLargestMember));
    request.put_text(IPSET_ATTR_SETNAME, set.c_str());
    // The kernel writes the line of a refused member over this one.
    request.put32(IPSET_ATTR_LINENO, 0);
    nlattr* list = request.open(IPSET_ATTR_ADT);
    std::size_t taken = 0;
    for (; taken < members.size() && request.size() < kRoom; ++taken) {
        nlattr* data = request.open(IPSET_ATTR_DATA);
        put_member(request, *members[taken]);
        request.put32(IPSET_ATTR_LINENO, static_cast<uint32_t>(taken + 1));
        request.close(data);
    }
    request.close(list);
    return {std::move(request).take(), taken};
}

}  // namespace sy::iptables
