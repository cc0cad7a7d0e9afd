#include "os/sock_diag.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace sy {
namespace {

template <class Words>
void write_address(Words& words, const IpAddr& ip, bool mapped) {
    constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::array<uint8_t, sizeof words> bytes{};
    auto next = bytes.begin();
    if (mapped) {
        next = std::ranges::copy(kMapped, next).out;
    }
    std::ranges::copy(ip.bytes(), next);
    std::memcpy(words, bytes.data(), sizeof words);
}

std::vector<uint8_t> message(uint16_t type, uint16_t flags, uint32_t sequence,
                             const inet_diag_req_v2& request) {
    std::vector<uint8_t> bytes(NLMSG_SPACE(sizeof request));
    nlmsghdr* header = mnl_nlmsg_put_header(bytes.data());
    header->nlmsg_type = type;
    header->nlmsg_flags = flags;
    header->nlmsg_seq = sequence;
    std::memcpy(mnl_nlmsg_put_extra_header(header, sizeof request), &request, sizeof request);
    return bytes;
}

}  // namespace

std::vector<uint8_t> destroy_message(const UdpSocket& socket, uint32_t sequence) {
    inet_diag_req_v2 request{};
    const bool ipv6 = socket.mapped || socket.local.ip.family() == Family::ipv6;
    request.sdiag_family = ipv6 ? AF_INET6 : AF_INET;
    request.sdiag_protocol = IPPROTO_UDP;
    request.idiag_states = ~0U;
    request.id.idiag_sport = socket.local.port.be16();
    request.id.idiag_dport = socket.remote.port.be16();
    write_address(request.id.idiag_src, socket.local.ip, socket.mapped);
    write_address(request.id.idiag_dst, socket.remote.ip, socket.mapped);
    request.id.idiag_if = socket.interface;
    request.id.idiag_cookie[0] = static_cast<uint32_t>(socket.cookie);
    request.id.idiag_cookie[1] = static_cast<uint32_t>(socket.cookie >> 32U);
    return message(SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, sequence, request);
}

Result<SocketDestroyer> SocketDestroyer::open() {
    auto socket = NetlinkSocket::open(NETLINK_SOCK_DIAG);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    return SocketDestroyer(std::move(*socket));
}

// The errno with which the kernel answers; a listing that ends well answers with 0.
Result<int> SocketDestroyer::ask(const std::vector<uint8_t>& message) {
    if (auto sent = socket_.send(message); !sent) {
        return std::unexpected(sent.error());
    }
    for (;;) {
        const auto answer = socket_.receive(buffer_, true);
        if (!answer) {
            return std::unexpected(answer.error());
        }
        int left = static_cast<int>(answer->size());
        const auto* part = reinterpret_cast<const nlmsghdr*>(answer->data());
        for (; mnl_nlmsg_ok(part, left); part = mnl_nlmsg_next(part, &left)) {
            const bool ends = part->nlmsg_type == NLMSG_ERROR || part->nlmsg_type == NLMSG_DONE;
            if (part->nlmsg_seq == sequence_ && ends &&
                mnl_nlmsg_get_payload_len(part) >= sizeof(int)) {
                // Both kinds begin with the negative errno.
                int code = 0;
                std::memcpy(&code, mnl_nlmsg_get_payload(part), sizeof code);
                return -code;
            }
        }
    }
}

// "No such socket" and "no such kind of socket" are the same errno. A listing of sockets in no
// state is empty, and fails only for the latter.
Result<bool> SocketDestroyer::knows_udp() {
    if (!knows_udp_) {
        inet_diag_req_v2 request{};
        request.sdiag_family = AF_INET;
        request.sdiag_protocol = IPPROTO_UDP;
        const auto code =
            ask(message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, ++sequence_, request));
        if (!code) {
            return std::unexpected(code.error());
        }
        knows_udp_ = *code == 0;
    }
    return knows_udp_;
}

Result<bool> SocketDestroyer::destroy(const UdpSocket& socket) {
    constexpr const char* kCannot =
        "the kernel cannot end sockets of others (CONFIG_INET_DIAG_DESTROY, CONFIG_INET_UDP_DIAG "
        "or the module udp_diag)";
    ++sequence_;
    const auto code = ask(destroy_message(socket, sequence_));
    if (!code) {
        return std::unexpected(code.error());
    }
    if (*code == ENOENT) {
        const auto known = knows_udp();
        if (known && !*known) {
            return fail(kCannot, {}, EOPNOTSUPP);
        }
        return known ? Result<bool>(false) : known;
    }
    if (*code == EOPNOTSUPP) {
        return fail(kCannot, {}, EOPNOTSUPP);
    }
    // Another one has the addresses now.
    if (*code == ESTALE) {
        return false;
    }
    if (*code != 0) {
        return fail("cannot end a socket (CAP_NET_ADMIN is needed)", {}, *code);
    }
    return true;
}

}  // namespace sy
