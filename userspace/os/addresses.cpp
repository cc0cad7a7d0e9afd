#include "os/addresses.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

namespace sy {
namespace {

constexpr int kListAttempts = 5;
constexpr int kPatienceMs = 2000;

struct Attributes {
    std::optional<IpAddr> local;
    std::optional<IpAddr> address;
    std::optional<uint32_t> flags;
};

int collect(const nlattr* attribute, void* data) {
    auto& out = *static_cast<Attributes*>(data);
    const auto* payload = static_cast<const uint8_t*>(mnl_attr_get_payload(attribute));
    const std::span<const uint8_t> bytes(payload, mnl_attr_get_payload_len(attribute));
    switch (mnl_attr_get_type(attribute)) {
        case IFA_LOCAL:
            out.local = IpAddr::from_bytes(bytes);
            break;
        case IFA_ADDRESS:
            out.address = IpAddr::from_bytes(bytes);
            break;
        case IFA_FLAGS:
            if (bytes.size() == sizeof(uint32_t)) {
                out.flags = mnl_attr_get_u32(attribute);
            }
            break;
        default:
            break;
    }
    return MNL_CB_OK;
}

bool settled(uint32_t flags) {
    if ((flags & IFA_F_DADFAILED) != 0) {
        return false;
    }
    // An optimistic address may be used while it is still being checked.
    return (flags & IFA_F_TENTATIVE) == 0 || (flags & IFA_F_OPTIMISTIC) != 0;
}

std::optional<AddressChange> parse_change(const nlmsghdr* message) {
    if (mnl_nlmsg_get_payload_len(message) < sizeof(ifaddrmsg)) {
        return std::nullopt;
    }
    const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
    Attributes attributes;
    mnl_attr_parse(message, sizeof(ifaddrmsg), collect, &attributes);
    // On a point-to-point link IFA_ADDRESS is the peer's.
    const auto& address = attributes.local ? attributes.local : attributes.address;
    if (!address) {
        return std::nullopt;
    }
    return AddressChange{.interface = header->ifa_index,
                         .address = *address,
                         .usable = message->nlmsg_type == RTM_NEWADDR &&
                                   header->ifa_scope < RT_SCOPE_HOST && !address->is_loopback() &&
                                   settled(attributes.flags.value_or(header->ifa_flags))};
}

}  // namespace

AddressNews parse_address_news(std::span<const uint8_t> datagram) {
    AddressNews news;
    int left = static_cast<int>(datagram.size());
    const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
        news.interrupted = news.interrupted || (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR) {
            if (const auto change = parse_change(message)) {
                news.changes.push_back(*change);
            }
        } else if (message->nlmsg_type == NLMSG_DONE) {
            news.dump_ended = message->nlmsg_seq;
        } else if (message->nlmsg_type == NLMSG_ERROR &&
                   mnl_nlmsg_get_payload_len(message) >= sizeof(nlmsgerr)) {
            const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
            news.error = -error->error;
        }
    }
    return news;
}

Result<AddressWatch> AddressWatch::open() {
    auto socket = NetlinkSocket::open(NETLINK_ROUTE);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    for (const unsigned group : {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}) {
        if (auto joined = socket->join(group); !joined) {
            return std::unexpected(joined.error());
        }
    }
    AddressWatch watch(std::move(*socket));
    if (auto listed = watch.list(); !listed) {
        return std::unexpected(listed.error());
    }
    watch.publish();
    return watch;
}

Result<void> AddressWatch::request_dump() {
    alignas(nlmsghdr) std::array<uint8_t, NLMSG_SPACE(sizeof(ifaddrmsg))> buffer{};
    nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = RTM_GETADDR;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message->nlmsg_seq = ++sequence_;
    mnl_nlmsg_put_extra_header(message, sizeof(ifaddrmsg));  // all zero: every family
    return socket_.send(std::span<const uint8_t>(buffer).first(message->nlmsg_len));
}

// Notifications and the listing come over one socket in the order in which they happened, so that
// both can simply be taken one after the other.
Result<void> AddressWatch::list() {
    for (int attempt = 0; attempt < kListAttempts; ++attempt) {
        known_.clear();
        if (auto sent = request_dump(); !sent) {
            return sent;
        }
        bool again = false;
        for (bool done = false; !done;) {
            auto datagram = socket_.receive(buffer_, false);
            if (!datagram && datagram.error().code != ENOBUFS) {
                return std::unexpected(datagram.error());
            }
            if (!datagram) {
                again = true;  // news were lost; the listing itself goes on
                continue;
            }
            if (datagram->empty()) {
                pollfd waiting{.fd = socket_.fd(), .events = POLLIN, .revents = 0};
                if (poll(&waiting, 1, kPatienceMs) == 0) {
                    return fail("list interface addresses", {}, ETIMEDOUT);
                }
                continue;
            }
            const AddressNews news = parse_address_news(*datagram);
            if (news.error != 0) {
                return fail("list interface addresses", {}, news.error);
            }
            take(news);
            again = again || news.interrupted;
            done = news.dump_ended == sequence_;
        }
        if (!again) {
            return {};
        }
    }
    return fail("list interface addresses", {}, EAGAIN);
}

void AddressWatch::take(const AddressNews& news) {
    for (const AddressChange& change : news.changes) {
        if (change.usable) {
            known_.insert({change.address, change.interface});
        } else {
            known_.erase({change.address, change.interface});
        }
    }
}

bool AddressWatch::publish() {
    std::vector<IpAddr> now;
    for (const auto& [address, interface] : known_) {
        if (now.empty() || now.back() != address) {
            now.push_back(address);
        }
    }
    const bool changed = now != addresses_;
    addresses_ = std::move(now);
    return changed;
}

Result<bool> AddressWatch::refresh() {
    for (;;) {
        auto datagram = socket_.receive(buffer_, false);
        if (!datagram) {
            if (datagram.error().code != ENOBUFS) {
                return std::unexpected(datagram.error());
            }
            if (auto listed = list(); !listed) {
                return std::unexpected(listed.error());
            }
            continue;
        }
        if (datagram->empty()) {
            return publish();
        }
        take(parse_address_news(*datagram));
    }
}

}  // namespace sy
