#include "backends/nftables/kernel/encode_rule.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "backends/nftables/kernel/batch.h"
#include "backends/nftables/kernel/nftnl.h"
#include "base/net.h"

namespace sy::nft {
namespace {

// Sixteen registers of four bytes; a key starts at the first, what else is needed comes after it.
constexpr uint32_t reg(std::size_t offset) {
    return NFT_REG32_00 + static_cast<uint32_t>(offset / NFT_REG32_SIZE);
}

constexpr uint8_t kOriginal = 0;  // IP_CT_DIR_ORIGINAL

class Encoder {
  public:
    Encoder(nftnl_rule* rule, Family family, uint32_t transports)
        : rule_(rule), family_(family), transports_(transports) {}

    void operator()(const HasBits& s) {
        switch (s.of) {
            case HasBits::Of::priority:
                load({Load::priority}, 0);
                break;
            case HasBits::Of::mark:
                load({Load::mark}, 0);
                break;
            case HasBits::Of::ct_status:
                load_conntrack(NFT_CT_STATUS, 0);
                break;
            case HasBits::Of::ct_state:
                load_conntrack(NFT_CT_STATE, 0);
                break;
        }
        mask(0, s.bits);
        const uint32_t value = s.equal.value_or(0);
        compare(s.equal ? NFT_CMP_EQ : NFT_CMP_NEQ, &value, sizeof value);
    }

    void operator()(const OriginalDirection&) {
        load_conntrack(NFT_CT_DIRECTION, 0);
        compare(NFT_CMP_EQ, &kOriginal, sizeof kOriginal);
    }

    void operator()(const NeitherSynNorRst&) {
        constexpr uint32_t kFlags = 13;  // of the TCP header
        constexpr uint8_t kSynRst = 0x06;
        constexpr uint8_t kNone = 0;
        only_tcp();
        load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, kFlags, sizeof kSynRst, 0);
        auto* e = expression("bitwise");
        nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, reg(0));
        nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, reg(0));
        nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof kSynRst);
        nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &kSynRst, sizeof kSynRst);
        nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &kNone, sizeof kNone);
        compare(NFT_CMP_EQ, &kNone, sizeof kNone);
    }

    void operator()(const IsNodeAddress& s) {
        auto* e = expression("fib");
        nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, reg(0));
        nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
        nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS,
                           s.load == Load::saddr ? NFTA_FIB_F_SADDR : NFTA_FIB_F_DADDR);
        const uint32_t local = RTN_LOCAL;
        compare(s.negated ? NFT_CMP_NEQ : NFT_CMP_EQ, &local, sizeof local);
    }

    void operator()(const PacketInterface& s) {
        load_meta(s.output ? NFT_META_OIFNAME : NFT_META_IIFNAME, 0);
        // Exact names are compared with their padding, prefixes without.
        std::array<char, 16> name{};
        std::ranges::copy(std::string_view(s.name).substr(0, name.size() - 1), name.begin());
        compare(s.negated ? NFT_CMP_NEQ : NFT_CMP_EQ, name.data(),
                s.is_prefix ? s.name.size() : name.size());
    }

    void operator()(const IsTransport&) {
        load({Load::l4proto}, 0);
        auto* e = expression("lookup");
        nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, reg(0));
        nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, "__set%d");
        nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SET_ID, transports_);
    }

    void operator()(const InSet& s) {
        load(s.key, schema(s.set).interval && s.key.size() > 1);
        auto* e = lookup(s.set);
        if (s.negated) {
            nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
        }
    }

    void operator()(const SetMeta& s) {
        if (s.value) {
            load(*s.value);
        } else {
            const uint32_t zero = 0;
            auto* e = expression("immediate");
            nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, reg(0));
            nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, &zero, sizeof zero);
        }
        auto* e = expression("meta");
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY,
                           s.target == Load::mark ? NFT_META_MARK : NFT_META_PRIORITY);
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, reg(0));
    }

    void operator()(const VerdictMap& s) {
        load(s.key, false);
        nftnl_expr_set_u32(lookup(s.map), NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
    }

    void operator()(const Translate& s) {
        load(s.value);
        auto* e = expression("nat");
        nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
        nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FAMILY, address_family(family_));
        nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, reg(0));
        nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, reg(width(Load::daddr, family_)));
    }

    void operator()(const MasqueradeSource&) {
        nftnl_expr_set_u32(expression("masq"), NFTNL_EXPR_MASQ_FLAGS,
                           NF_NAT_RANGE_PROTO_RANDOM_FULLY);
    }

    void operator()(const RejectPacket& s) {
        if (s.reset) {
            only_tcp();
            auto* e = expression("reject");
            nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST);
            nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, 0);
            return;
        }
        constexpr uint8_t kPortUnreachable4 = 3;
        constexpr uint8_t kPortUnreachable6 = 4;
        auto* e = expression("reject");
        nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_ICMP_UNREACH);
        nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE,
                          family_ == Family::ipv4 ? kPortUnreachable4 : kPortUnreachable6);
    }

    void operator()(const Remember& s) {
        constexpr uint64_t kMilliseconds = 1000;
        load(s.key, false);
        // nft 1.0.6 puts the data inside a v6 key here; ours lies behind the key.
        const auto data = width(s.key, family_);
        load(s.data, data);
        auto* e = expression("dynset");
        nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP,
                           s.forget ? NFT_DYNSET_OP_DELETE : NFT_DYNSET_OP_UPDATE);
        nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, name(s.map).c_str());
        nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, reg(0));
        nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_DATA, reg(data));
        if (!s.forget) {
            nftnl_expr_set_u64(e, NFTNL_EXPR_DYNSET_TIMEOUT, s.timeout * kMilliseconds);
        }
    }

    void operator()(const Count&) { expression("counter"); }

    void operator()(const Verdict& s) {
        auto* e = expression("immediate");
        nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
        int code = NF_DROP;
        switch (s.kind) {
            case Verdict::Kind::accept:
                code = NF_ACCEPT;
                break;
            case Verdict::Kind::drop:
                code = NF_DROP;
                break;
            case Verdict::Kind::leave:
                code = NFT_RETURN;
                break;
            case Verdict::Kind::jump:
                code = NFT_JUMP;
                break;
            case Verdict::Kind::go_to:
                code = NFT_GOTO;
                break;
        }
        nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, static_cast<uint32_t>(code));
        if (!s.chain.empty()) {
            nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, s.chain.c_str());
        }
    }

  private:
    nftnl_expr* expression(const char* kind) {
        auto* e = allocated(nftnl_expr_alloc(kind));
        nftnl_rule_add_expr(rule_, e);
        return e;
    }

    static std::string name(SetId set) { return std::string(schema(set).name); }

    nftnl_expr* lookup(SetId set) {
        auto* e = expression("lookup");
        nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, reg(0));
        nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, name(set).c_str());
        return e;
    }

    void compare(uint32_t op, const void* data, std::size_t size) {
        auto* e = expression("cmp");
        nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, reg(0));
        nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
        nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, static_cast<uint32_t>(size));
    }

    void only_tcp() {
        constexpr uint8_t kTcp = static_cast<uint8_t>(Protocol::tcp);
        load({Load::l4proto}, 0);
        compare(NFT_CMP_EQ, &kTcp, sizeof kTcp);
    }

    void mask(std::size_t offset, uint32_t bits) {
        const uint32_t zero = 0;
        auto* e = expression("bitwise");
        nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, reg(offset));
        nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, reg(offset));
        nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, sizeof bits);
        nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, &bits, sizeof bits);
        nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, &zero, sizeof zero);
    }

    void to_network_order(std::size_t offset) {
        auto* e = expression("byteorder");
        nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SREG, reg(offset));
        nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_DREG, reg(offset));
        nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
        nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_LEN, sizeof(uint32_t));
        nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, sizeof(uint32_t));
    }

    void load_meta(uint32_t key, std::size_t offset) {
        auto* e = expression("meta");
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
        nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg(offset));
    }

    nftnl_expr* load_conntrack(uint32_t key, std::size_t offset) {
        auto* e = expression("ct");
        nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, key);
        nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, reg(offset));
        return e;
    }

    void load_original(uint32_t key, std::size_t offset) {
        nftnl_expr_set_u8(load_conntrack(key, offset), NFTNL_EXPR_CT_DIR, kOriginal);
    }

    void load_payload(uint32_t base, uint32_t at, std::size_t size, std::size_t offset) {
        auto* e = expression("payload");
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg(offset));
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, at);
        nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, static_cast<uint32_t>(size));
    }

    void load(const Term& term, std::size_t offset) {
        const bool v4 = family_ == Family::ipv4;
        const auto size = width(term.load, family_);
        switch (term.load) {
            case Load::saddr:
                return load_payload(NFT_PAYLOAD_NETWORK_HEADER, v4 ? 12 : 8, size, offset);
            case Load::daddr:
                return load_payload(NFT_PAYLOAD_NETWORK_HEADER, v4 ? 16 : 24, size, offset);
            case Load::dport:
                return load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, size, offset);
            case Load::l4proto:
                return load_meta(NFT_META_L4PROTO, offset);
            case Load::original_daddr:
                return load_original(v4 ? NFT_CT_DST_IP : NFT_CT_DST_IP6, offset);
            case Load::original_dport:
                return load_original(NFT_CT_PROTO_DST, offset);
            case Load::priority:
            case Load::mark:
                load_meta(term.load == Load::mark ? NFT_META_MARK : NFT_META_PRIORITY, offset);
                if (term.argument != 0xffff'ffff) {
                    mask(offset, term.argument);
                }
                return;
            case Load::random: {
                auto* e = expression("numgen");
                nftnl_expr_set_u32(e, NFTNL_EXPR_NG_DREG, reg(offset));
                nftnl_expr_set_u32(e, NFTNL_EXPR_NG_MODULUS, term.argument);
                nftnl_expr_set_u32(e, NFTNL_EXPR_NG_TYPE, NFT_NG_RANDOM);
                nftnl_expr_set_u32(e, NFTNL_EXPR_NG_OFFSET, 0);
                return;
            }
        }
    }

    // `network_order`: for sets whose kernel keys have words in network order.
    void load(const Key& key, bool network_order) {
        std::size_t offset = 0;
        for (const auto& term : key) {
            load(term, offset);
            if (network_order && is_word(term.load)) {
                to_network_order(offset);
            }
            offset += width({term}, family_);
        }
    }

    void load(const Value& value) {
        load(value.key, false);
        if (value.map) {
            nftnl_expr_set_u32(lookup(*value.map), NFTNL_EXPR_LOOKUP_DREG, reg(0));
        }
    }

    nftnl_rule* rule_;
    Family family_;
    uint32_t transports_;
};

}  // namespace

void append_expressions(nftnl_rule* object, const Rule& rule, Family family, uint32_t transports) {
    Encoder encoder(object, family, transports);
    for (const auto& statement : rule) {
        std::visit(encoder, statement);
    }
}

bool needs_transports(const Rule& rule) {
    return std::ranges::any_of(
        rule, [](const Statement& s) { return std::holds_alternative<IsTransport>(s); });
}

}  // namespace sy::nft
