#include "backends/nftables/kernel/batch.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sy::nft {
namespace {

struct Header {
    nlmsghdr message{};
    nfgenmsg generic{};
};
static_assert(sizeof(Header) == 20);

Header header(uint16_t type, uint16_t flags, uint8_t family, uint16_t resource, uint32_t sequence) {
    Header h;
    h.message.nlmsg_len = sizeof h;
    h.message.nlmsg_type = type;
    h.message.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    h.message.nlmsg_seq = sequence;
    h.generic.nfgen_family = family;
    h.generic.version = NFNETLINK_V0;
    h.generic.res_id = static_cast<uint16_t>((resource >> 8) | (resource << 8));
    return h;
}

void append_bytes(std::vector<uint8_t>& bytes, const void* data, std::size_t size) {
    const auto at = bytes.size();
    bytes.resize(at + size);
    std::memcpy(bytes.data() + at, data, size);
}

// Which of several reasons a transaction failed for is told: the one that has to be dealt with
// first, because the others may be its consequence.
int gravity(CommitError::Reason reason) {
    switch (reason) {
        case CommitError::Reason::other:
            return 3;
        case CommitError::Reason::drift:
            return 2;
        case CommitError::Reason::full:
            return 1;
        case CommitError::Reason::element:
            return 0;
    }
    return 3;
}

std::string_view kind_text(MessageKind kind) {
    switch (kind) {
        case MessageKind::table:
            return "table";
        case MessageKind::set:
            return "set";
        case MessageKind::chain:
            return "chain";
        case MessageKind::rule:
            return "rule";
        case MessageKind::elements:
            return "elements";
    }
    return {};
}

}  // namespace

uint16_t message_type(int nft_message) {
    return static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | nft_message);
}

uint8_t address_family(Family family) {
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

Batch::Batch(std::string_view table, std::size_t reserve) : table_(table) {
    bytes_.reserve(reserve + 1024);
    const auto h = header(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, 0);
    append_bytes(bytes_, &h, sizeof h);
}

void Batch::begin(MessageKind kind, uint16_t type, uint16_t flags, Family family) {
    messages_.push_back({kind, bytes_.size(), owners_.size(), 0});
    const auto h = header(type, flags, address_family(family), 0, last());
    append_bytes(bytes_, &h, sizeof h);
}

void Batch::end() {
    auto& message = messages_.back();
    message.owner_end = owners_.size();
    const auto length = static_cast<uint32_t>(bytes_.size() - message.offset);
    std::memcpy(bytes_.data() + message.offset, &length, sizeof length);
}

void Batch::append(MessageKind kind, const nlmsghdr& message) {
    messages_.push_back({kind, bytes_.size(), owners_.size(), owners_.size()});
    append_bytes(bytes_, &message, message.nlmsg_len);
    const uint32_t sequence = last();
    std::memcpy(bytes_.data() + messages_.back().offset + offsetof(nlmsghdr, nlmsg_seq), &sequence,
                sizeof sequence);
}

Bytes Batch::finish() {
    if (!messages_.empty()) {
        auto* flags = bytes_.data() + messages_.back().offset + offsetof(nlmsghdr, nlmsg_flags);
        uint16_t value = 0;
        std::memcpy(&value, flags, sizeof value);
        value = static_cast<uint16_t>(value | NLM_F_ACK);
        std::memcpy(flags, &value, sizeof value);
    }
    const auto h = header(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, last() + 1);
    append_bytes(bytes_, &h, sizeof h);
    return bytes_;
}

Bytes Batch::attributes(const Message& message) const {
    nlmsghdr h{};
    std::memcpy(&h, bytes_.data() + message.offset, sizeof h);
    return Bytes(bytes_).subspan(message.offset + sizeof(Header), h.nlmsg_len - sizeof(Header));
}

CommitError::Reason Batch::reason(const Message& message, const Refusal& refusal) const {
    using enum CommitError::Reason;
    const bool presence = refusal.code == ENOENT || refusal.code == EEXIST;
    // Elements of `classes` and flushes are nobody's; they can only meet an unexpected table.
    if (message.first_owner == message.owner_end) {
        return presence || refusal.code == EBUSY ? drift : other;
    }
    switch (refusal.code) {
        case ENFILE:
        case ENOSPC:
            return full;
        case EPERM:
        case ENOMEM:
        case ENOBUFS:
        case EOPNOTSUPP:
            return other;
        default:
            break;
    }
    // The kernel points at the attribute it missed: an element, or the table's or set's name,
    // which come before the elements.
    std::size_t elements_at = sizeof(Header);
    for_each_attribute(attributes(message), [&](const Attribute& attribute) {
        if (attribute.type != NFTA_SET_ELEM_LIST_ELEMENTS) {
            elements_at += NLA_HDRLEN + NLA_ALIGN(attribute.payload.size());
        }
    });
    return refusal.code == ENOENT && refusal.offset < elements_at ? drift : element;
}

std::string Batch::describe(const Message& message) const {
    nfgenmsg generic{};
    std::memcpy(&generic, bytes_.data() + message.offset + sizeof(nlmsghdr), sizeof generic);
    std::string text(kind_text(message.kind));
    text += generic.nfgen_family == AF_INET6 ? " ip6" : " ip";
    for_each_attribute(attributes(message), [&](const Attribute& attribute) {
        // Attributes 1 and 2 are the names of table and object in all messages but deletions of
        // tables' rules, which have only the first.
        if (attribute.type == 1 || (attribute.type == 2 && message.kind != MessageKind::table) ||
            (message.kind == MessageKind::chain && attribute.type == NFTA_CHAIN_NAME)) {
            const auto name = attribute.text();
            if (!name.empty()) {
                text.append(" ").append(name);
            }
        }
    });
    return text;
}

CommitError Batch::explain(const std::vector<Refusal>& refusals) const {
    CommitError result{CommitError::Reason::element, {}, {}};
    bool first = true;
    for (const auto& refusal : refusals) {
        const bool ours = refusal.sequence >= 1 && refusal.sequence <= messages_.size();
        const Message whole;
        const auto& message = ours ? messages_[refusal.sequence - 1] : whole;
        const auto why = ours ? reason(message, refusal) : CommitError::Reason::other;
        if (first || gravity(why) > gravity(result.reason)) {
            result.reason = why;
            result.error = Error{refusal.text.empty() ? "nftables transaction" : refusal.text,
                                 ours ? describe(message) : "batch", refusal.code};
            first = false;
        }
        for (auto i = message.first_owner; i < message.owner_end; ++i) {
            result.suspects.push_back(owners_[i]);
        }
    }
    std::ranges::sort(result.suspects);
    const auto rest = std::ranges::unique(result.suspects);
    result.suspects.erase(rest.begin(), rest.end());
    return result;
}

}  // namespace sy::nft
