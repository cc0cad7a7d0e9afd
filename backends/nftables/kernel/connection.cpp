#include "backends/nftables/kernel/connection.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>
#include <cstring>

namespace sy::nft {
namespace {

// One refusal takes about a kilobyte of the receive buffer.
constexpr std::size_t kReceiveBuffer = 8U << 20U;

std::vector<uint8_t> request_message(const Connection::Request& request, uint16_t flags,
                                     uint32_t sequence) {
    nlmsghdr header{};
    header.nlmsg_type = message_type(request.type);
    header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    header.nlmsg_seq = sequence;
    nfgenmsg generic{};
    generic.nfgen_family = address_family(request.family);
    std::vector<uint8_t> bytes;
    AttributeWriter writer(bytes);
    writer.raw({reinterpret_cast<const uint8_t*>(&header), sizeof header});
    writer.raw({reinterpret_cast<const uint8_t*>(&generic), sizeof generic});
    // NFTA_SET_TABLE, NFTA_RULE_TABLE, NFTA_SET_ELEM_LIST_TABLE are all 1.
    if (!request.table.empty()) {
        writer.put_text(1, request.table);
    }
    if (!request.set.empty()) {
        writer.put_text(NFTA_SET_ELEM_LIST_SET, request.set);
    }
    const auto length = static_cast<uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes;
}

}  // namespace

Result<Connection> Connection::open() {
    auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    if (const auto done = socket->reserve_receive(kReceiveBuffer); !done) {
        return std::unexpected(done.error());
    }
    return Connection(std::move(*socket));
}

// Answers to a request that failed half way must not be taken for those of the next.
Result<void> Connection::discard_pending() {
    for (;;) {
        const auto datagram = socket_.receive(buffer_, false);
        if (!datagram && datagram.error().code != ENOBUFS) {
            return std::unexpected(datagram.error());
        }
        if (datagram && datagram->empty()) {
            return {};
        }
    }
}

Result<std::vector<Batch::Refusal>> Connection::transact(Batch& batch) {
    std::vector<Batch::Refusal> refusals;
    if (batch.empty()) {
        return refusals;
    }
    if (const auto done = discard_pending(); !done) {
        return std::unexpected(done.error());
    }
    const auto bytes = batch.finish();
    if (const auto done = socket_.reserve_send(bytes.size() + 4096); !done) {
        return std::unexpected(done.error());
    }
    if (const auto done = socket_.send(bytes); !done) {
        return std::unexpected(done.error());
    }
    // The kernel has carried out the batch when send returns; all answers are there.
    bool acknowledged = false;
    for (;;) {
        const auto datagram = socket_.receive(buffer_, false);
        if (!datagram) {
            return std::unexpected(datagram.error());
        }
        if (datagram->empty()) {
            break;
        }
        for_each_message(*datagram, [&](const NetlinkMessage& message) {
            if (auto status = parse_status(message)) {
                if (status->code != 0) {
                    refusals.push_back(
                        {message.sequence, status->code, status->offset, std::move(status->text)});
                }
                acknowledged = acknowledged || message.sequence == batch.last();
            }
            return true;
        });
    }
    if (refusals.empty() && !acknowledged) {
        return fail("nftables transaction was not acknowledged", {}, EPROTO);
    }
    return refusals;
}

Result<void> Connection::dump(const Request& request,
                              const std::function<void(const NetlinkMessage&)>& f) {
    if (const auto done = discard_pending(); !done) {
        return std::unexpected(done.error());
    }
    const auto sequence = ++sequence_;
    if (const auto done = socket_.send(request_message(request, NLM_F_DUMP, sequence)); !done) {
        return std::unexpected(done.error());
    }
    return answers(sequence, request.set, f);
}

// Reads until the kernel says that this was all, or that it failed.
Result<void> Connection::answers(uint32_t sequence, std::string_view on,
                                 const std::function<void(const NetlinkMessage&)>& f) {
    bool interrupted = false;
    std::optional<int> end;
    while (!end) {
        const auto datagram = socket_.receive(buffer_, true);
        if (!datagram) {
            return std::unexpected(datagram.error());
        }
        for_each_message(*datagram, [&](const NetlinkMessage& message) {
            if (message.sequence != sequence) {
                return true;
            }
            interrupted = interrupted || (message.flags & NLM_F_DUMP_INTR) != 0;
            if (const auto status = parse_status(message)) {
                end = status->code;
                return false;
            }
            f(message);
            return true;
        });
    }
    if (*end == 0 && !interrupted) {
        return {};
    }
    return fail("list nftables objects", std::string(on), *end != 0 ? *end : EINTR);
}

Result<uint32_t> Connection::generation() {
    if (const auto done = discard_pending(); !done) {
        return std::unexpected(done.error());
    }
    const auto sequence = ++sequence_;
    const auto request =
        request_message({.type = NFT_MSG_GETGEN, .family = Family::ipv4}, NLM_F_ACK, sequence);
    if (const auto done = socket_.send(request); !done) {
        return std::unexpected(done.error());
    }
    std::optional<uint32_t> generation;
    const auto done = answers(sequence, {}, [&generation](const NetlinkMessage& message) {
        for_each_attribute(message.attributes, [&generation](const Attribute& attribute) {
            if (attribute.type == NFTA_GEN_ID) {
                generation = attribute.be32();
            }
        });
    });
    if (!done) {
        return std::unexpected(done.error());
    }
    if (!generation) {
        return fail("read the nftables generation", {}, EPROTO);
    }
    return *generation;
}

}  // namespace sy::nft
