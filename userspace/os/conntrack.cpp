#include "os/conntrack.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

namespace sy {
namespace {

/// Bit of CTA_FILTER_ORIG_FLAGS: compare the protocol number. The kernel has no header for it.
constexpr uint32_t kFilterProtocol = 1U << 3;
/// Deletions sent in one datagram.
constexpr std::size_t kDeletionsPerSend = 64;
constexpr std::size_t kReceiveBuffer = 1 << 20;
constexpr uint16_t kGet = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET;
constexpr uint16_t kDelete = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE;
constexpr uint16_t kEntry = (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW;

template <std::size_t N>
using AttributeTable = std::array<const nlattr*, N>;

template <std::size_t N>
int collect(const nlattr* attribute, void* data) {
    const uint16_t type = mnl_attr_get_type(attribute);
    if (type < N) {
        (*static_cast<AttributeTable<N>*>(data))[type] = attribute;
    }
    return MNL_CB_OK;
}

template <std::size_t N>
AttributeTable<N> nested(const nlattr* attribute) {
    AttributeTable<N> table{};
    if (attribute != nullptr) {
        mnl_attr_parse_nested(attribute, collect<N>, &table);
    }
    return table;
}

std::span<const uint8_t> payload(const nlattr* attribute) {
    return {static_cast<const uint8_t*>(mnl_attr_get_payload(attribute)),
            mnl_attr_get_payload_len(attribute)};
}

std::optional<Port> port_of(const nlattr* attribute) {
    if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != sizeof(uint16_t)) {
        return std::nullopt;
    }
    return Port{ntohs(mnl_attr_get_u16(attribute))};
}

enum class End { source, destination };

/// One end of a UDP tuple; nothing if the tuple is not UDP or is incomplete.
std::optional<EndpointAddr> end_of(const nlattr* tuple_attribute, End end) {
    const auto tuple = nested<CTA_TUPLE_MAX + 1>(tuple_attribute);
    const auto ip = nested<CTA_IP_MAX + 1>(tuple[CTA_TUPLE_IP]);
    const auto protocol = nested<CTA_PROTO_MAX + 1>(tuple[CTA_TUPLE_PROTO]);
    const nlattr* number = protocol[CTA_PROTO_NUM];
    if (number == nullptr || mnl_attr_get_payload_len(number) != 1 ||
        mnl_attr_get_u8(number) != IPPROTO_UDP) {
        return std::nullopt;
    }
    const bool source = end == End::source;
    const nlattr* v4 = ip[source ? CTA_IP_V4_SRC : CTA_IP_V4_DST];
    const nlattr* v6 = ip[source ? CTA_IP_V6_SRC : CTA_IP_V6_DST];
    const nlattr* address = v4 != nullptr ? v4 : v6;
    const auto port = port_of(protocol[source ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT]);
    if (address == nullptr || !port) {
        return std::nullopt;
    }
    const auto parsed = IpAddr::from_bytes(payload(address));
    if (!parsed) {
        return std::nullopt;
    }
    return EndpointAddr{*parsed, *port};
}

nlmsghdr* put_header(void* at, uint16_t type, uint16_t flags, uint32_t sequence, uint8_t family) {
    nlmsghdr* message = mnl_nlmsg_put_header(at);
    message->nlmsg_type = type;
    message->nlmsg_flags = flags;
    message->nlmsg_seq = sequence;
    auto* netfilter = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
    netfilter->nfgen_family = family;
    netfilter->version = NFNETLINK_V0;
    return message;
}

void copy(nlmsghdr* message, const nlattr* attribute) {
    if (attribute != nullptr) {
        // With its flags (nested), which the accessor of the type leaves out.
        mnl_attr_put(message, attribute->nla_type, mnl_attr_get_payload_len(attribute),
                     mnl_attr_get_payload(attribute));
    }
}

}  // namespace

/// One walk over the table.
struct ConntrackPruner::Pass {
    const std::function<bool(const UdpFlow&)>& stale;
    PruneReport report;
    /// Deletions not yet sent.
    std::vector<uint8_t> deletions;
    std::size_t pending = 0;
    /// Why no more is deleted. The walk goes on all the same: a socket can take up a new listing
    /// only when the one before has been read to its end.
    std::optional<Error> failure = std::nullopt;
};

Result<ConntrackPruner> ConntrackPruner::open() {
    auto listing = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!listing) {
        return std::unexpected(listing.error());
    }
    auto deleting = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!deleting) {
        return std::unexpected(deleting.error());
    }
    // Larger datagrams, fewer calls; the default works as well.
    (void)listing->reserve_receive(kReceiveBuffer);
    return ConntrackPruner(std::move(*listing), std::move(*deleting));
}

Result<void> ConntrackPruner::request_dump(Family family) {
    alignas(nlmsghdr) std::array<uint8_t, 256> buffer{};
    nlmsghdr* message = put_header(buffer.data(), kGet, NLM_F_REQUEST | NLM_F_DUMP, ++sequence_,
                                   family == Family::ipv4 ? AF_INET : AF_INET6);
    if (filter_in_kernel_) {
        // Kernels before 5.8 ignore the filter, so every entry is looked at again here. It demands
        // that the listing is of one family.
        nlattr* tuple = mnl_attr_nest_start(message, CTA_TUPLE_ORIG);
        nlattr* protocol = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
        mnl_attr_put_u8(message, CTA_PROTO_NUM, IPPROTO_UDP);
        mnl_attr_nest_end(message, protocol);
        mnl_attr_nest_end(message, tuple);
        nlattr* filter = mnl_attr_nest_start(message, CTA_FILTER);
        mnl_attr_put_u32(message, CTA_FILTER_ORIG_FLAGS, kFilterProtocol);
        mnl_attr_put_u32(message, CTA_FILTER_REPLY_FLAGS, 0);
        mnl_attr_nest_end(message, filter);
    }
    return listing_.send(std::span<const uint8_t>(buffer).first(message->nlmsg_len));
}

Result<PruneReport> ConntrackPruner::prune(const std::function<bool(const UdpFlow&)>& stale,
                                           std::span<const Family> families) {
    Pass pass{.stale = stale, .report = {}, .deletions = {}, .pending = 0};
    for (const Family family : families) {
        const uint64_t before = pass.report.deleted;
        auto walked = walk(family, pass);
        if (!walked && filter_in_kernel_ &&
            (walked.error().code == EINVAL || walked.error().code == EOPNOTSUPP)) {
            filter_in_kernel_ = false;
            walked = walk(family, pass);
        }
        if (!walked) {
            return std::unexpected(walked.error());
        }
        if (auto flushed = flush(pass); !flushed) {
            return std::unexpected(flushed.error());
        }
        if (family == Family::ipv6) {
            pass.report.deleted_ipv6 = pass.report.deleted - before;
        }
    }
    return pass.report;
}

Result<void> ConntrackPruner::walk(Family family, Pass& pass) {
    if (auto sent = request_dump(family); !sent) {
        return sent;
    }
    for (;;) {
        auto datagram = listing_.receive(buffer_, true);
        if (!datagram) {
            return std::unexpected(datagram.error());
        }
        const auto ended = take(*datagram, pass);
        if (!ended) {
            return std::unexpected(ended.error());
        }
        if (*ended && pass.failure) {
            return std::unexpected(*pass.failure);
        }
        if (*ended) {
            return {};
        }
    }
}

// True at the end of the listing. A listing disturbed by changes is good enough: what came
// meanwhile follows the new rules.
Result<bool> ConntrackPruner::take(std::span<const uint8_t> datagram, Pass& pass) {
    int left = static_cast<int>(datagram.size());
    const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
        if (message->nlmsg_seq != sequence_) {
            continue;  // the rest of a listing that was given up
        }
        if (message->nlmsg_type == NLMSG_DONE) {
            return true;
        }
        if (message->nlmsg_type == NLMSG_ERROR &&
            mnl_nlmsg_get_payload_len(message) >= sizeof(nlmsgerr)) {
            const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
            return fail("list UDP flows", "conntrack", -error->error);
        }
        if (message->nlmsg_type != kEntry ||
            mnl_nlmsg_get_payload_len(message) < sizeof(nfgenmsg)) {
            continue;
        }
        AttributeTable<CTA_MAX + 1> entry{};
        mnl_attr_parse(message, sizeof(nfgenmsg), collect<CTA_MAX + 1>, &entry);
        const auto destination = end_of(entry[CTA_TUPLE_ORIG], End::destination);
        const auto answering = end_of(entry[CTA_TUPLE_REPLY], End::source);
        if (!destination || !answering) {
            continue;
        }
        ++pass.report.seen;
        if (pass.failure || !pass.stale({.destination = *destination, .answering = *answering})) {
            continue;
        }
        const auto* netfilter = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
        alignas(nlmsghdr) std::array<uint8_t, 512> buffer{};
        nlmsghdr* deletion = put_header(buffer.data(), kDelete, NLM_F_REQUEST | NLM_F_ACK, 0,
                                        netfilter->nfgen_family);
        copy(deletion, entry[CTA_TUPLE_ORIG]);
        copy(deletion, entry[CTA_ZONE]);
        copy(deletion, entry[CTA_ID]);
        pass.deletions.insert(pass.deletions.end(), buffer.begin(),
                              buffer.begin() + NLMSG_ALIGN(deletion->nlmsg_len));
        if (++pass.pending == kDeletionsPerSend) {
            if (auto flushed = flush(pass); !flushed) {
                pass.failure = flushed.error();
            }
        }
    }
    return false;
}

// Sends the collected deletions and waits for the answer to each.
Result<void> ConntrackPruner::flush(Pass& pass) {
    if (pass.pending == 0) {
        return {};
    }
    std::size_t expected = std::exchange(pass.pending, 0);
    auto sent = deleting_.send(pass.deletions);
    pass.deletions.clear();
    if (!sent) {
        return sent;
    }
    std::vector<uint8_t> answers;
    int refused = 0;
    while (expected > 0) {
        auto datagram = deleting_.receive(answers, true);
        if (!datagram) {
            return std::unexpected(datagram.error());
        }
        int left = static_cast<int>(datagram->size());
        const auto* message = reinterpret_cast<const nlmsghdr*>(datagram->data());
        for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
            if (message->nlmsg_type != NLMSG_ERROR ||
                mnl_nlmsg_get_payload_len(message) < sizeof(nlmsgerr) || expected == 0) {
                continue;
            }
            --expected;
            const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
            if (error->error == 0) {
                ++pass.report.deleted;
            } else if (error->error != -ENOENT) {
                refused = -error->error;
            }
        }
    }
    if (refused != 0) {
        return fail("delete UDP flows", "conntrack", refused);
    }
    return {};
}

}  // namespace sy
