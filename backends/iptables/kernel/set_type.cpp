// Names of types and codes of failures in the kernel's ipset.
#include <linux/netfilter/ipset/ip_set.h>

#include <algorithm>
#include <array>

#include "backends/iptables/kernel/set_code.h"
#include "backends/iptables/kernel/set_message.h"

namespace sy::iptables {
namespace {

constexpr std::array<SetTypeSpec, 6> kTypes{
    {{SetType::ip, "hash:ip", 6, "ip_set_hash_ip"},
     {SetType::ip_port, "hash:ip,port", 7, "ip_set_hash_ipport"},
     {SetType::ip_port_net, "hash:ip,port,net", 8, "ip_set_hash_ipportnet"},
     {SetType::ip_port_ip, "hash:ip,port,ip", 6, "ip_set_hash_ipportip"},
     {SetType::net, "hash:net", 7, "ip_set_hash_net"},
     {SetType::net_port, "hash:net,port", 8, "ip_set_hash_netport"}}};

struct CodeText {
    int code;
    std::string_view text;
};
constexpr std::array<CodeText, 9> kCodes{
    {{IPSET_ERR_PROTOCOL, "ipset did not understand the request"},
     {IPSET_ERR_FIND_TYPE, "the kernel does not know this type of set"},
     {IPSET_ERR_MAX_SETS, "there are too many sets"},
     {kStillReferenced, "rules still refer to the set"},
     {IPSET_ERR_TYPE_MISMATCH, "the set has another type"},
     {IPSET_ERR_EXIST, "the member is there, or is not there, already"},
     {IPSET_ERR_INVALID_CIDR, "the kernel does not take a network of this size"},
     {IPSET_ERR_REFERENCED, "rules still refer to the set"},
     {kSetIsFull, "the set is full"}}};

}  // namespace

const SetTypeSpec& spec_of(SetType type) {
    return kTypes[static_cast<std::size_t>(type)];
}

std::span<const SetTypeSpec> set_types() {
    return kTypes;
}

std::string_view code_text(int code) {
    const auto known = std::ranges::find(kCodes, code, &CodeText::code);
    if (known != kCodes.end()) {
        return known->text;
    }
    return code >= IPSET_ERR_PRIVATE ? "ipset refused it" : "";
}

}  // namespace sy::iptables
