#include "tests/support/attempt.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "tests/support/packet.h"
#include "tests/support/socket_address.h"

namespace sy::lab {
namespace {

uint16_t next_number() {
    static std::atomic<uint16_t> counter = 0;
    return static_cast<uint16_t>(20000 + counter++ % 40000);
}

bool is_refusal(int error) {
    return error == ECONNREFUSED || error == ECONNRESET;
}

/// Type and protocol of the socket of a flow.
std::pair<int, int> socket_kind(const Flow& flow) {
    switch (flow.kind) {
        case Flow::Kind::tcp:
            return {SOCK_STREAM, 0};
        case Flow::Kind::udp:
            return {SOCK_DGRAM, 0};
        case Flow::Kind::sctp:
            return {SOCK_RAW, IPPROTO_SCTP};
        case Flow::Kind::ping:
            break;
    }
    const bool v4 = flow.to.family() == Family::ipv4;
    return {SOCK_RAW, v4 ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6)};
}

}  // namespace

Attempt::Attempt(const Lab& lab, const Flow& flow) : flow_(flow), number_(next_number()) {
    lab.in(flow.from, [this] {
        open();
        if (fd_ && !done_) {
            connect_socket();
        }
    });
}

Attempt::~Attempt() {
    if (fd_ && flow_.kind == Flow::Kind::tcp) {
        const linger hard{1, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
}

short Attempt::events() const {
    return flow_.kind == Flow::Kind::tcp && !connected_ ? POLLOUT : POLLIN;
}

void Attempt::ready() {
    if (flow_.kind == Flow::Kind::tcp && !connected_) {
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            return fail_with(error);
        }
        connected_ = true;
        return;
    }
    receive();
}

void Attempt::resend() {
    if (flow_.kind != Flow::Kind::tcp) {
        send_request();
    }
}

void Attempt::open() {
    const Family family = flow_.to.family();
    const auto [type, protocol] = socket_kind(flow_);
    fd_ = Fd(::socket(domain(family), type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!fd_) {
        return fail_with(errno);
    }
    if (flow_.any_source) {
        return;
    }
    const int on = 1;
    if (flow_.source_port != Port()) {
        // Only then: two sockets that let themselves share may be given one port.
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    // Addresses of the crowd are routed to ext but on no interface.
    if (family == Family::ipv4) {
        ::setsockopt(fd_.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
    } else {
        ::setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
    }
    const bool raw = type == SOCK_RAW;
    const SocketAddress local(flow_.source.value_or(address(flow_.from, family)),
                              raw ? Port() : flow_.source_port);
    if (::bind(fd_.get(), local.get(), local.size) != 0) {
        fail_with(errno);
    }
}

void Attempt::connect_socket() {
    const bool raw = flow_.kind == Flow::Kind::sctp || flow_.kind == Flow::Kind::ping;
    const SocketAddress remote(flow_.to, raw ? Port() : flow_.port);
    if (::connect(fd_.get(), remote.get(), remote.size) != 0 && errno != EINPROGRESS) {
        return fail_with(errno);
    }
    own_ = local_end(fd_.get());
    if (flow_.kind == Flow::Kind::sctp) {
        own_.port = flow_.source_port == Port() ? Port(number_) : flow_.source_port;
    }
    if (flow_.kind != Flow::Kind::tcp) {
        send_request();
    }
}

std::vector<uint8_t> Attempt::request() const {
    switch (flow_.kind) {
        case Flow::Kind::tcp:
            return {};
        case Flow::Kind::udp:
            return {'?'};
        case Flow::Kind::sctp:
            return write_sctp({own_.port, flow_.port, SctpPacket::Chunk::init, 0, number_, {}});
        case Flow::Kind::ping:
            break;
    }
    return echo_request();
}

std::vector<uint8_t> Attempt::echo_request() const {
    const bool v4 = flow_.to.family() == Family::ipv4;
    std::vector<uint8_t> echo(8);
    echo[0] = v4 ? uint8_t{ICMP_ECHO} : uint8_t{ICMP6_ECHO_REQUEST};
    echo[4] = static_cast<uint8_t>(number_ >> 8);
    echo[5] = static_cast<uint8_t>(number_);
    if (v4) {  // the kernel does it for IPv6; all other words but the type are 0
        const uint32_t sum = (uint32_t{ICMP_ECHO} << 8) + number_;
        const uint32_t folded = ~((sum >> 16) + (sum & 0xffff)) & 0xffff;
        echo[2] = static_cast<uint8_t>(folded >> 8);
        echo[3] = static_cast<uint8_t>(folded);
    }
    return echo;
}

void Attempt::send_request() {
    const std::vector<uint8_t> bytes = request();
    // EPERM is the verdict of the node's own output hook on a node's packet, be it a drop or
    // a refusal; a refusal is followed by the ICMP error. EAGAIN and such: sent again later.
    if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0 && errno != EPERM &&
        errno != EAGAIN && errno != ENOBUFS) {
        fail_with(errno);
    }
}

void Attempt::receive() {
    std::array<uint8_t, 2048> buffer;
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0) {
        if (errno != EAGAIN) {
            fail_with(errno);
        }
        return;
    }
    const std::span<const uint8_t> bytes = std::span(buffer).first(static_cast<std::size_t>(n));
    switch (flow_.kind) {
        case Flow::Kind::tcp:
            if (n == 0) {
                return fail_with(ECONNRESET);
            }
            return greeted({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        case Flow::Kind::udp:
            return greeted({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        case Flow::Kind::sctp: {
            const auto packet = read_sctp(ip_payload(bytes, flow_.to.family()));
            if (packet && packet->source == flow_.port && packet->destination == own_.port &&
                packet->tag == number_) {
                greeted(packet->cookie);
            }
            return;
        }
        case Flow::Kind::ping:
            return echoed(ip_payload(bytes, flow_.to.family()));
    }
}

void Attempt::greeted(std::string_view text) {
    const std::optional<Greeting> greeting = Greeting::parse(text);
    if (!greeting) {
        return fail_with(EBADMSG);
    }
    outcome_ = {Outcome::Kind::answered, *greeting, own_, 0};
    done_ = true;
}

void Attempt::echoed(std::span<const uint8_t> icmp) {
    const bool v4 = flow_.to.family() == Family::ipv4;
    const uint8_t reply = v4 ? uint8_t{ICMP_ECHOREPLY} : uint8_t{ICMP6_ECHO_REPLY};
    if (icmp.size() >= 8 && icmp[0] == reply && (icmp[4] << 8 | icmp[5]) == number_) {
        outcome_ = {Outcome::Kind::answered, {}, own_, 0};
        done_ = true;
    }
}

void Attempt::fail_with(int error) {
    outcome_.kind = is_refusal(error) ? Outcome::Kind::refused : Outcome::Kind::failed;
    outcome_.error = error;
    done_ = true;
}

}  // namespace sy::lab
