#include "os/netlink.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace sy {
namespace {

Result<void> reserve(int fd, int forced, int plain, std::size_t bytes) {
    const int wanted = static_cast<int>(
        std::min<std::size_t>(bytes, std::size_t{std::numeric_limits<int>::max() / 2}));
    // The forced form needs CAP_NET_ADMIN in the initial user namespace; the plain one is capped.
    if (setsockopt(fd, SOL_SOCKET, forced, &wanted, sizeof wanted) == 0 ||
        setsockopt(fd, SOL_SOCKET, plain, &wanted, sizeof wanted) == 0) {
        return {};
    }
    return fail("set the netlink buffer size", {}, errno);
}

Result<void> membership(int fd, int option, unsigned group) {
    if (setsockopt(fd, SOL_NETLINK, option, &group, sizeof group) != 0) {
        return fail("change netlink group membership", {}, errno);
    }
    return {};
}

}  // namespace

Result<NetlinkSocket> NetlinkSocket::open(int protocol) {
    Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    if (!fd) {
        return fail("open a netlink socket", {}, errno);
    }
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    socklen_t size = sizeof address;
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        return fail("bind a netlink socket", {}, errno);
    }
    // Extended errors carry the offset of the attribute the kernel refused.
    const int on = 1;
    (void)setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    (void)setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    return NetlinkSocket(std::move(fd), address.nl_pid);
}

Result<void> NetlinkSocket::join(unsigned group) {
    return membership(fd_.get(), NETLINK_ADD_MEMBERSHIP, group);
}

Result<void> NetlinkSocket::leave(unsigned group) {
    return membership(fd_.get(), NETLINK_DROP_MEMBERSHIP, group);
}

Result<void> NetlinkSocket::reserve_send(std::size_t bytes) {
    return reserve(fd_.get(), SO_SNDBUFFORCE, SO_SNDBUF, bytes);
}

Result<void> NetlinkSocket::reserve_receive(std::size_t bytes) {
    return reserve(fd_.get(), SO_RCVBUFFORCE, SO_RCVBUF, bytes);
}

Result<void> NetlinkSocket::send(std::span<const uint8_t> datagram) {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    for (;;) {
        const auto sent = sendto(fd_.get(), datagram.data(), datagram.size(), 0,
                                 reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
        if (sent >= 0) {
            return {};
        }
        if (errno != EINTR) {
            return fail("send to netlink", {}, errno);
        }
    }
}

Result<std::span<const uint8_t>> NetlinkSocket::receive(std::vector<uint8_t>& buffer, bool wait) {
    constexpr std::size_t kSmallest = 32 * 1024;
    buffer.resize(std::max(buffer.size(), kSmallest));
    for (;;) {
        const int flags = wait ? 0 : MSG_DONTWAIT;
        const auto size =
            recv(fd_.get(), buffer.data(), buffer.size(), flags | MSG_PEEK | MSG_TRUNC);
        if (size >= 0 && static_cast<std::size_t>(size) > buffer.size()) {
            buffer.resize(static_cast<std::size_t>(size));
            continue;
        }
        const auto taken = size < 0 ? size : recv(fd_.get(), buffer.data(), buffer.size(), flags);
        if (taken >= 0) {
            return std::span<const uint8_t>(buffer).first(static_cast<std::size_t>(taken));
        }
        if (!wait && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return std::span<const uint8_t>{};
        }
        if (errno != EINTR) {
            return fail("receive from netlink", {}, errno);
        }
    }
}

}  // namespace sy
