#include "backends/ipvs/kernel/channel.h"

#include <netlink/msg.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace sy::ipvs {
namespace {

constexpr std::size_t kSendLimit = 64U << 10U;
// A refusal takes about a kilobyte of the receive buffer, and a send holds some 700 messages.
constexpr std::size_t kReceiveBuffer = 4U << 20U;
constexpr int kListAttempts = 8;

/// Calls `take` for each whole message until it returns false.
template <class Take>
void each_message(std::span<const uint8_t> datagram, const Take& take) {
    int left = static_cast<int>(datagram.size());
    // libnl only reads, though its types do not say so.
    auto* message = reinterpret_cast<nlmsghdr*>(const_cast<uint8_t*>(datagram.data()));
    for (; nlmsg_ok(message, left) != 0; message = nlmsg_next(message, &left)) {
        if (!take(*message)) {
            return;
        }
    }
}

/// errno of a message that is an answer (0: an acknowledgement); nothing if it is none.
std::optional<int> status_of(const nlmsghdr& message) {
    if (message.nlmsg_type == NLMSG_DONE) {
        int code = 0;
        if (nlmsg_datalen(&message) >= static_cast<int>(sizeof code)) {
            std::memcpy(&code, nlmsg_data(&message), sizeof code);
        }
        return -code;
    }
    if (message.nlmsg_type == NLMSG_ERROR &&
        nlmsg_datalen(&message) >= static_cast<int>(sizeof(int))) {
        return -static_cast<const nlmsgerr*>(nlmsg_data(&message))->error;
    }
    return std::nullopt;
}

}  // namespace

Result<Channel> Channel::open(int protocol, Traffic& traffic) {
    auto socket = NetlinkSocket::open(protocol);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    if (const auto done = socket->reserve_receive(kReceiveBuffer); !done) {
        return std::unexpected(done.error());
    }
    if (const auto done = socket->reserve_send(2 * kSendLimit); !done) {
        return std::unexpected(done.error());
    }
    return Channel(std::move(*socket), traffic);
}

// Answers to a request that failed half way must not be taken for those of the next.
Result<void> Channel::discard_pending() {
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

void Channel::append(Message& message, uint32_t sequence) {
    const auto bytes = message.bytes();
    last_at_ = batch_.size();
    batch_.resize(last_at_ + NLMSG_ALIGN(bytes.size()));
    std::memcpy(batch_.data() + last_at_, bytes.data(), bytes.size());
    std::memcpy(batch_.data() + last_at_ + offsetof(nlmsghdr, nlmsg_seq), &sequence,
                sizeof sequence);
    ++batched_;
}

// The kernel has carried out everything when send returns, so that all answers are there.
Result<void> Channel::send_batch(std::size_t first, std::vector<Refusal>& refusals) {
    uint16_t flags = 0;
    uint8_t* at = batch_.data() + last_at_ + offsetof(nlmsghdr, nlmsg_flags);
    std::memcpy(&flags, at, sizeof flags);
    flags = static_cast<uint16_t>(flags | NLM_F_ACK);
    std::memcpy(at, &flags, sizeof flags);
    const auto first_sequence = static_cast<uint32_t>(sequence_ - batched_ + 1);
    if (const auto done = socket_.send(batch_); !done) {
        return done;
    }
    ++traffic_->sends;
    traffic_->messages += batched_;
    bool complete = false;
    while (!complete) {
        const auto datagram = socket_.receive(buffer_, false);
        if (!datagram) {
            return std::unexpected(datagram.error());
        }
        if (datagram->empty()) {
            return fail("netlink changes were not acknowledged", {}, EPROTO);
        }
        each_message(*datagram, [&](const nlmsghdr& message) {
            const auto code = status_of(message);
            const uint32_t place = message.nlmsg_seq - first_sequence;
            if (code && place < batched_) {
                if (*code != 0) {
                    refusals.push_back({first + place, *code});
                }
                complete = complete || message.nlmsg_seq == sequence_;
            }
            return true;
        });
    }
    return {};
}

Result<std::vector<Channel::Refusal>> Channel::change(
    std::size_t count, const std::function<void(std::size_t, Message&)>& write) {
    std::vector<Refusal> refusals;
    if (count == 0) {
        return refusals;
    }
    if (const auto done = discard_pending(); !done) {
        return std::unexpected(done.error());
    }
    std::size_t first = 0;
    batch_.clear();
    batched_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
        write(i, message_);
        if (batched_ > 0 && batch_.size() + message_.bytes().size() > kSendLimit) {
            if (const auto done = send_batch(first, refusals); !done) {
                return std::unexpected(done.error());
            }
            first = i;
            batch_.clear();
            batched_ = 0;
        }
        append(message_, ++sequence_);
    }
    if (const auto done = send_batch(first, refusals); !done) {
        return std::unexpected(done.error());
    }
    return refusals;
}

Result<int> Channel::list_once(const std::function<void(Message&)>& write,
                               const std::function<void(const nlmsghdr&)>& take) {
    if (const auto done = discard_pending(); !done) {
        return std::unexpected(done.error());
    }
    write(message_);
    batch_.clear();
    batched_ = 0;
    append(message_, ++sequence_);
    if (const auto done = socket_.send(batch_); !done) {
        return std::unexpected(done.error());
    }
    ++traffic_->dumps;
    bool disturbed = false;
    std::optional<int> end;
    while (!end) {
        const auto datagram = socket_.receive(buffer_, true);
        if (!datagram) {
            return std::unexpected(datagram.error());
        }
        each_message(*datagram, [&](const nlmsghdr& message) {
            if (message.nlmsg_seq != sequence_) {
                return true;
            }
            disturbed = disturbed || (message.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
            end = status_of(message);
            if (!end) {
                take(message);
            }
            return !end.has_value();
        });
    }
    return *end == 0 && disturbed ? EINTR : *end;
}

Result<void> Channel::list(const std::function<void(Message&)>& write,
                           const std::function<void(const nlmsghdr&)>& take,
                           const std::function<void()>& restart) {
    for (int attempt = 1;; ++attempt) {
        const auto code = list_once(write, take);
        if (!code) {
            return std::unexpected(code.error());
        }
        if (*code == 0) {
            return {};
        }
        if (*code != EINTR || attempt == kListAttempts) {
            return fail("list kernel objects", {}, *code);
        }
        restart();
    }
}

}  // namespace sy::ipvs
