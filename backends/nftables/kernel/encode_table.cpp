#include "backends/nftables/kernel/encode_table.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <array>

#include "backends/nftables/fingerprint.h"
#include "backends/nftables/kernel/encode_element.h"
#include "backends/nftables/kernel/encode_rule.h"
#include "backends/nftables/kernel/nftnl.h"
#include "backends/nftables/kernel/set_types.h"

namespace sy::nft {
namespace {

constexpr uint32_t kUserDataSize = 256;

// One message as libnftnl builds it; larger than any of ours.
class Scratch {
  public:
    nlmsghdr* start(uint16_t nft_message, uint16_t flags, Family family) {
        return nftnl_nlmsg_build_hdr(bytes_.data(), nft_message, address_family(family), flags, 0);
    }

  private:
    alignas(nlmsghdr) std::array<char, 8192> bytes_{};
};

UserData fingerprint_data(uint64_t fingerprint) {
    UserData data(allocated(nftnl_udata_buf_alloc(kUserDataSize)));
    nftnl_udata_put(data.get(), kFingerprintType, sizeof fingerprint, &fingerprint);
    return data;
}

TableObject table_object(const std::string& table) {
    TableObject object(allocated(nftnl_table_alloc()));
    nftnl_table_set_str(object.get(), NFTNL_TABLE_NAME, table.c_str());
    return object;
}

SetObject set_object(const std::string& table, std::string_view name) {
    SetObject object(allocated(nftnl_set_alloc()));
    nftnl_set_set_str(object.get(), NFTNL_SET_TABLE, table.c_str());
    nftnl_set_set_str(object.get(), NFTNL_SET_NAME, std::string(name).c_str());
    return object;
}

ChainObject chain_object(const std::string& table, std::string_view name) {
    ChainObject object(allocated(nftnl_chain_alloc()));
    nftnl_chain_set_str(object.get(), NFTNL_CHAIN_TABLE, table.c_str());
    nftnl_chain_set_str(object.get(), NFTNL_CHAIN_NAME, std::string(name).c_str());
    return object;
}

RuleObject rule_object(const std::string& table, std::string_view chain) {
    RuleObject object(allocated(nftnl_rule_alloc()));
    nftnl_rule_set_str(object.get(), NFTNL_RULE_TABLE, table.c_str());
    if (!chain.empty()) {
        nftnl_rule_set_str(object.get(), NFTNL_RULE_CHAIN, std::string(chain).c_str());
    }
    return object;
}

}  // namespace

void TableEncoder::add_table(const Layout* layout) {
    Scratch scratch;
    auto* message = scratch.start(NFT_MSG_NEWTABLE, NLM_F_CREATE, family_);
    const auto object = table_object(batch_.table());
    if (layout != nullptr) {
        const auto data = fingerprint_data(layout_fingerprint(*layout, family_));
        nftnl_table_set_data(object.get(), NFTNL_TABLE_USERDATA, nftnl_udata_buf_data(data.get()),
                             nftnl_udata_buf_len(data.get()));
    }
    nftnl_table_nlmsg_build_payload(message, object.get());
    batch_.append(MessageKind::table, *message);
}

void TableEncoder::remove_table() {
    Scratch scratch;
    auto* message = scratch.start(NFT_MSG_DELTABLE, 0, family_);
    nftnl_table_nlmsg_build_payload(message, table_object(batch_.table()).get());
    batch_.append(MessageKind::table, *message);
}

void TableEncoder::add_set(const SetDecl& set) {
    Scratch scratch;
    const auto& about = schema(set.id);
    auto* message = scratch.start(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, family_);
    const auto object = set_object(batch_.table(), about.name);
    const auto type = set_type(about, family_);
    nftnl_set_set_u32(object.get(), NFTNL_SET_ID, ++ids_);
    nftnl_set_set_u32(object.get(), NFTNL_SET_FLAGS, type.flags);
    nftnl_set_set_u32(object.get(), NFTNL_SET_KEY_TYPE, type.key_type);
    nftnl_set_set_u32(object.get(), NFTNL_SET_KEY_LEN, type.key_size);
    if (about.is_map()) {
        nftnl_set_set_u32(object.get(), NFTNL_SET_DATA_TYPE, type.data_type);
        nftnl_set_set_u32(object.get(), NFTNL_SET_DATA_LEN, type.data_size);
    }
    if (set.size != 0) {
        nftnl_set_set_u32(object.get(), NFTNL_SET_DESC_SIZE, set.size);
    }
    if (about.interval && about.key.size() > 1) {
        std::array<uint8_t, NFT_REG32_COUNT> fields{};
        for (std::size_t i = 0; i < about.key.size(); ++i) {
            fields[i] = static_cast<uint8_t>(width(about.key[i].load, family_));
        }
        nftnl_set_set_data(object.get(), NFTNL_SET_DESC_CONCAT, fields.data(),
                           static_cast<uint32_t>(about.key.size()));
    }
    UserData data(allocated(nftnl_udata_buf_alloc(kUserDataSize)));
    put_set_user_data(data.get(), about, family_);
    nftnl_set_set_data(object.get(), NFTNL_SET_USERDATA, nftnl_udata_buf_data(data.get()),
                       nftnl_udata_buf_len(data.get()));
    nftnl_set_nlmsg_build_payload(message, object.get());
    batch_.append(MessageKind::set, *message);
}

void TableEncoder::remove_set(SetId set) {
    Scratch scratch;
    auto* message = scratch.start(NFT_MSG_DELSET, 0, family_);
    nftnl_set_nlmsg_build_payload(message, set_object(batch_.table(), schema(set).name).get());
    batch_.append(MessageKind::set, *message);
}

void TableEncoder::add_chain(const Chain& chain) {
    Scratch scratch;
    auto* message = scratch.start(NFT_MSG_NEWCHAIN, NLM_F_CREATE, family_);
    const auto object = chain_object(batch_.table(), chain.name);
    if (chain.hook) {
        nftnl_chain_set_str(object.get(), NFTNL_CHAIN_TYPE, std::string(chain.hook->type).c_str());
        nftnl_chain_set_u32(object.get(), NFTNL_CHAIN_HOOKNUM, chain.hook->number);
        nftnl_chain_set_s32(object.get(), NFTNL_CHAIN_PRIO, chain.hook->priority);
        nftnl_chain_set_u32(object.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
    }
    nftnl_chain_nlmsg_build_payload(message, object.get());
    batch_.append(MessageKind::chain, *message);
}

void TableEncoder::remove_chain(std::string_view name) {
    Scratch scratch;
    auto* message = scratch.start(NFT_MSG_DELCHAIN, 0, family_);
    nftnl_chain_nlmsg_build_payload(message, chain_object(batch_.table(), name).get());
    batch_.append(MessageKind::chain, *message);
}

void TableEncoder::add_rules(const Chain& chain) {
    for (const auto& rule : chain.rules) {
        add_rule(chain.name, rule);
    }
}

void TableEncoder::add_rule(std::string_view chain, const Rule& rule) {
    Scratch scratch;
    uint32_t transports = 0;
    if (needs_transports(rule)) {
        transports = ++ids_;
        auto* message = scratch.start(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, family_);
        const auto object = set_object(batch_.table(), "__set%d");
        UserData data(allocated(nftnl_udata_buf_alloc(kUserDataSize)));
        describe_transports(object.get(), data.get());
        nftnl_set_set_u32(object.get(), NFTNL_SET_ID, transports);
        nftnl_set_nlmsg_build_payload(message, object.get());
        batch_.append(MessageKind::set, *message);
        write_transports(batch_, family_, transports);
    }
    auto* message = scratch.start(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family_);
    const auto object = rule_object(batch_.table(), chain);
    append_expressions(object.get(), rule, family_, transports);
    const auto data = fingerprint_data(rule_fingerprint(rule, family_));
    nftnl_rule_set_data(object.get(), NFTNL_RULE_USERDATA, nftnl_udata_buf_data(data.get()),
                        nftnl_udata_buf_len(data.get()));
    nftnl_rule_nlmsg_build_payload(message, object.get());
    batch_.append(MessageKind::rule, *message);
}

void TableEncoder::remove_rules(std::string_view chain) {
    Scratch scratch;
    auto* message = scratch.start(NFT_MSG_DELRULE, 0, family_);
    nftnl_rule_nlmsg_build_payload(message, rule_object(batch_.table(), chain).get());
    batch_.append(MessageKind::rule, *message);
}

}  // namespace sy::nft
