#include "backends/nftables/kernel/set_types.h"

#include <linux/netfilter/nf_tables.h>

#include "backends/nftables/kernel/nftnl.h"

namespace sy::nft {
namespace {

// Numbers of nft's data types (its include/datatype.h). Concatenations take six bits for each.
enum DataType : uint32_t {
    kInteger = 4,
    kIpv4Address = 7,
    kIpv6Address = 8,
    kInetProtocol = 12,
    kInetService = 13,
    kMark = 19,
    kClassId = 23,
};
constexpr unsigned kTypeBits = 6;

// Numbers of nft's expression kinds, protocols and header fields (its include/expression.h and
// include/proto.h), as they stand in user data.
constexpr uint32_t kExprVerdict = 1;
constexpr uint32_t kExprPayload = 7;
constexpr uint32_t kExprMeta = 9;
constexpr uint32_t kExprConcat = 13;
constexpr uint32_t kExprNumgen = 23;
struct PayloadField {
    uint32_t protocol;
    uint32_t field;
};
constexpr uint32_t kProtocolTransport = 11;
constexpr uint32_t kProtocolIpv4 = 12;
constexpr uint32_t kProtocolIpv6 = 13;

constexpr uint32_t kByteOrderNone = 0;
constexpr uint32_t kByteOrderHost = 1;
constexpr uint32_t kByteOrderNetwork = 2;

DataType data_type(Load load, Family family) {
    switch (load) {
        case Load::saddr:
        case Load::daddr:
        case Load::original_daddr:
            return family == Family::ipv4 ? kIpv4Address : kIpv6Address;
        case Load::l4proto:
            return kInetProtocol;
        case Load::dport:
        case Load::original_dport:
            return kInetService;
        case Load::priority:
            return kClassId;
        case Load::mark:
            return kMark;
        case Load::random:
            break;
    }
    return kInteger;
}

uint32_t data_type(const Key& key, Family family) {
    uint32_t type = 0;
    for (const auto& term : key) {
        type = type << kTypeBits | data_type(term.load, family);
    }
    return type;
}

uint32_t byte_order(const Key& key) {
    if (key.size() != 1) {
        return kByteOrderNone;
    }
    return is_word(key[0].load) ? kByteOrderHost : kByteOrderNetwork;
}

void put_payload(nftnl_udata_buf* data, PayloadField field) {
    nftnl_udata_put_u32(data, NFTNL_UDATA_SET_TYPEOF_EXPR, kExprPayload);
    auto* nest = nftnl_udata_nest_start(data, NFTNL_UDATA_SET_TYPEOF_DATA);
    nftnl_udata_put_u32(data, 0, field.protocol);
    nftnl_udata_put_u32(data, 1, field.field);
    nftnl_udata_nest_end(data, nest);
}

void put_meta(nftnl_udata_buf* data, uint32_t key) {
    nftnl_udata_put_u32(data, NFTNL_UDATA_SET_TYPEOF_EXPR, kExprMeta);
    auto* nest = nftnl_udata_nest_start(data, NFTNL_UDATA_SET_TYPEOF_DATA);
    nftnl_udata_put_u32(data, 0, key);
    nftnl_udata_nest_end(data, nest);
}

void put_numgen(nftnl_udata_buf* data, uint32_t modulus) {
    nftnl_udata_put_u32(data, NFTNL_UDATA_SET_TYPEOF_EXPR, kExprNumgen);
    auto* nest = nftnl_udata_nest_start(data, NFTNL_UDATA_SET_TYPEOF_DATA);
    nftnl_udata_put_u32(data, 0, NFT_NG_RANDOM);
    nftnl_udata_put_u32(data, 1, modulus);
    nftnl_udata_put_u32(data, 2, 0);  // offset
    nftnl_udata_nest_end(data, nest);
}

void put_term(nftnl_udata_buf* data, const Term& term, Family family) {
    const bool v4 = family == Family::ipv4;
    switch (term.load) {
        case Load::saddr:
            return put_payload(
                data, v4 ? PayloadField{kProtocolIpv4, 11} : PayloadField{kProtocolIpv6, 8});
        case Load::daddr:
            return put_payload(
                data, v4 ? PayloadField{kProtocolIpv4, 12} : PayloadField{kProtocolIpv6, 9});
        case Load::dport:
            return put_payload(data, {kProtocolTransport, 2});
        case Load::l4proto:
            return put_meta(data, NFT_META_L4PROTO);
        case Load::priority:
            return put_meta(data, NFT_META_PRIORITY);
        case Load::mark:
            return put_meta(data, NFT_META_MARK);
        case Load::random:
            return put_numgen(data, term.argument);
        case Load::original_daddr:
        case Load::original_dport:
            return;  // no set is declared by these
    }
}

void put_typeof(nftnl_udata_buf* data, uint8_t type, const Key& key, Family family) {
    auto* whole = nftnl_udata_nest_start(data, type);
    if (key.size() == 1) {
        put_term(data, key[0], family);
    } else {
        nftnl_udata_put_u32(data, NFTNL_UDATA_SET_TYPEOF_EXPR, kExprConcat);
        auto* parts = nftnl_udata_nest_start(data, NFTNL_UDATA_SET_TYPEOF_DATA);
        for (std::size_t i = 0; i < key.size(); ++i) {
            auto* part = nftnl_udata_nest_start(data, static_cast<uint8_t>(i));
            put_term(data, key[i], family);
            nftnl_udata_nest_end(data, part);
        }
        nftnl_udata_nest_end(data, parts);
    }
    nftnl_udata_nest_end(data, whole);
}

void put_typeof_verdict(nftnl_udata_buf* data) {
    auto* whole = nftnl_udata_nest_start(data, NFTNL_UDATA_SET_DATA_TYPEOF);
    nftnl_udata_put_u32(data, NFTNL_UDATA_SET_TYPEOF_EXPR, kExprVerdict);
    nftnl_udata_nest_end(data, nftnl_udata_nest_start(data, NFTNL_UDATA_SET_TYPEOF_DATA));
    nftnl_udata_nest_end(data, whole);
}

}  // namespace

SetType set_type(const SetSchema& set, Family family) {
    SetType type;
    if (set.is_map()) {
        type.flags |= NFT_SET_MAP;
    }
    if (set.interval) {
        type.flags |= set.key.size() > 1 ? NFT_SET_INTERVAL | NFT_SET_CONCAT : NFT_SET_INTERVAL;
    }
    if (set.dynamic) {
        type.flags |= NFT_SET_TIMEOUT | NFT_SET_EVAL;
    }
    type.key_type = data_type(set.key, family);
    type.key_size = static_cast<uint32_t>(width(set.key, family));
    if (set.verdicts) {
        constexpr uint32_t kVerdictSize = 16;  // as the kernel reports it
        type.data_type = NFT_DATA_VERDICT;
        type.data_size = kVerdictSize;
    } else if (set.is_map()) {
        type.data_type = data_type(set.data, family);
        type.data_size = static_cast<uint32_t>(set.data_size(family));
    }
    return type;
}

void put_set_user_data(nftnl_udata_buf* data, const SetSchema& set, Family family) {
    nftnl_udata_put_u32(data, NFTNL_UDATA_SET_KEYBYTEORDER, byte_order(set.key));
    if (set.is_map()) {
        nftnl_udata_put_u32(data, NFTNL_UDATA_SET_DATABYTEORDER, byte_order(set.data));
    }
    if (set.by_type) {
        return;
    }
    put_typeof(data, NFTNL_UDATA_SET_KEY_TYPEOF, set.key, family);
    if (set.verdicts) {
        put_typeof_verdict(data);
    } else if (set.is_map()) {
        put_typeof(data, NFTNL_UDATA_SET_DATA_TYPEOF, set.data, family);
    }
}

void describe_transports(nftnl_set* set, nftnl_udata_buf* data) {
    nftnl_set_set_u32(set, NFTNL_SET_FLAGS, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
    nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, kInetProtocol);
    nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, 1);
    nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, 3);
    nftnl_udata_put_u32(data, NFTNL_UDATA_SET_KEYBYTEORDER, kByteOrderHost);
    put_typeof(data, NFTNL_UDATA_SET_KEY_TYPEOF, {{Load::l4proto}}, Family::ipv4);
    nftnl_set_set_data(set, NFTNL_SET_USERDATA, nftnl_udata_buf_data(data),
                       nftnl_udata_buf_len(data));
}

}  // namespace sy::nft
