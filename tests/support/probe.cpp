#include "tests/support/probe.h"

#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "tests/support/packet.h"
#include "tests/support/socket_address.h"

namespace sy::lab {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kResend{1000};

/// Numbers that differ between the attempts of a program: SCTP ports, tags, ping ids.
uint16_t next_number() {
    static std::atomic<uint16_t> counter = 0;
    return static_cast<uint16_t>(20000 + counter++ % 40000);
}

bool is_refusal(int error) {
    return error == ECONNREFUSED || error == ECONNRESET;
}

class Attempt {
  public:
    Attempt(const Lab& lab, const Flow& flow) : flow_(flow), number_(next_number()) {
        Entered inside(lab.at(flow.from));
        open();
        if (fd_ && !done_) {
            connect_socket();
        }
    }

    bool done() const { return done_; }
    int fd() const { return fd_.get(); }
    short events() const { return flow_.kind == Flow::Kind::tcp && !connected_ ? POLLOUT : POLLIN; }
    Outcome outcome() const { return outcome_; }

    void ready() {
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

    void resend() {
        if (flow_.kind != Flow::Kind::tcp) {
            send_request();
        }
    }

    Fd take_socket() { return std::move(fd_); }

    ~Attempt() {
        if (fd_ && flow_.kind == Flow::Kind::tcp) {
            // A reset instead of TIME_WAIT: tests use up ports by the thousand.
            const linger hard{1, 0};
            ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }
    }
    Attempt(Attempt&&) = default;

  private:
    void open() {
        const Family family = flow_.to.family();
        int type = SOCK_RAW;
        int protocol = 0;
        switch (flow_.kind) {
            case Flow::Kind::tcp:
                type = SOCK_STREAM;
                break;
            case Flow::Kind::udp:
                type = SOCK_DGRAM;
                break;
            case Flow::Kind::sctp:
                protocol = IPPROTO_SCTP;
                break;
            case Flow::Kind::ping:
                protocol = family == Family::ipv4 ? static_cast<int>(IPPROTO_ICMP)
                                                  : static_cast<int>(IPPROTO_ICMPV6);
                break;
        }
        fd_ = Fd(::socket(domain(family), type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
        if (!fd_) {
            return fail_with(errno);
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

    void connect_socket() {
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

    std::vector<uint8_t> request() const {
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

    void send_request() {
        const std::vector<uint8_t> bytes = request();
        // EPERM is the verdict of the node's own output hook on a node's packet, be it a drop or
        // a refusal; a refusal is followed by the ICMP error. EAGAIN and such: sent again later.
        if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0 && errno != EPERM &&
            errno != EAGAIN && errno != ENOBUFS) {
            fail_with(errno);
        }
    }

    void receive() {
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

    void greeted(std::string_view text) {
        const std::optional<Greeting> greeting = Greeting::parse(text);
        if (!greeting) {
            return fail_with(EBADMSG);
        }
        outcome_ = {Outcome::Kind::answered, *greeting, own_, 0};
        done_ = true;
    }

    void echoed(std::span<const uint8_t> icmp) {
        const bool v4 = flow_.to.family() == Family::ipv4;
        const uint8_t reply = v4 ? uint8_t{ICMP_ECHOREPLY} : uint8_t{ICMP6_ECHO_REPLY};
        if (icmp.size() >= 8 && icmp[0] == reply && (icmp[4] << 8 | icmp[5]) == number_) {
            outcome_ = {Outcome::Kind::answered, {}, own_, 0};
            done_ = true;
        }
    }

    void fail_with(int error) {
        outcome_.kind = is_refusal(error) ? Outcome::Kind::refused : Outcome::Kind::failed;
        outcome_.error = error;
        done_ = true;
    }

    Flow flow_;
    uint16_t number_;
    Fd fd_;
    EndpointAddr own_;
    bool connected_ = false;
    bool done_ = false;
    Outcome outcome_;
};

void run(std::vector<Attempt>& attempts, milliseconds patience) {
    const Clock::time_point end = Clock::now() + patience;
    Clock::time_point resend = Clock::now() + kResend;
    for (;;) {
        std::vector<pollfd> polled;
        std::vector<Attempt*> open;
        for (Attempt& attempt : attempts) {
            if (!attempt.done()) {
                polled.push_back({attempt.fd(), attempt.events(), 0});
                open.push_back(&attempt);
            }
        }
        const Clock::time_point now = Clock::now();
        if (open.empty() || now >= end) {
            return;
        }
        const auto wait =
            std::chrono::duration_cast<milliseconds>(std::min(end, resend) - now).count();
        ::poll(polled.data(), polled.size(), static_cast<int>(std::max<long>(wait, 0)) + 1);
        for (std::size_t i = 0; i < open.size(); ++i) {
            if (polled[i].revents != 0) {
                open[i]->ready();
            }
        }
        if (Clock::now() >= resend) {
            resend = Clock::now() + kResend;
            std::ranges::for_each(open, [](Attempt* a) {
                if (!a->done()) {
                    a->resend();
                }
            });
        }
    }
}

bool is_raw(const Flow& flow) {
    return flow.kind == Flow::Kind::sctp || flow.kind == Flow::Kind::ping;
}

Flow make(Flow::Kind kind, Place from, const IpAddr& to, Port port) {
    return {kind, from, to, port, std::nullopt, Port()};
}

}  // namespace

std::string Flow::to_string() const {
    constexpr std::array<std::string_view, 4> kKinds{"tcp", "udp", "sctp", "ping"};
    std::string text = std::string(kKinds[static_cast<std::size_t>(kind)]) + " " +
                       std::string(lab::to_string(from));
    if (source) {
        text += " (as " + source->to_string() + ")";
    }
    text += " -> " + to.to_string();
    return kind == Kind::ping ? text : text + " port " + std::to_string(port.number());
}

Flow tcp(Place from, const IpAddr& to, Port port) {
    return make(Flow::Kind::tcp, from, to, port);
}
Flow udp(Place from, const IpAddr& to, Port port) {
    return make(Flow::Kind::udp, from, to, port);
}
Flow sctp(Place from, const IpAddr& to, Port port) {
    return make(Flow::Kind::sctp, from, to, port);
}
Flow ping(Place from, const IpAddr& to) {
    return make(Flow::Kind::ping, from, to, Port());
}

Flow with_source(Flow flow, const IpAddr& source, Port port) {
    flow.source = source;
    flow.source_port = port;
    return flow;
}

std::string describe(const Lab& lab, const Outcome& outcome) {
    switch (outcome.kind) {
        case Outcome::Kind::refused:
            return "refused";
        case Outcome::Kind::silent:
            return "silent";
        case Outcome::Kind::failed:
            return std::string("failed: ") + std::strerror(outcome.error);
        case Outcome::Kind::answered:
            break;
    }
    const Greeting& greeting = outcome.greeting;
    if (greeting.server.empty()) {
        return "pong";
    }
    std::string text = greeting.server;
    if (greeting.server_port != kServerPort) {
        text += ":" + std::to_string(greeting.server_port.number());
    }
    if (greeting.client.ip == outcome.own.ip) {
        return text + " kept";
    }
    if (lab.is_node_address(greeting.client.ip)) {
        return text + " masq";
    }
    return text + " as " + greeting.client.ip.to_string();
}

std::vector<Outcome> attempt(const Lab& lab, std::span<const Flow> flows, milliseconds patience) {
    std::vector<Attempt> attempts;
    attempts.reserve(flows.size());
    for (const Flow& flow : flows) {
        if (!is_raw(flow)) {
            attempts.emplace_back(lab, flow);
        }
    }
    run(attempts, patience);
    std::vector<Outcome> outcomes;
    std::size_t next = 0;
    for (const Flow& flow : flows) {
        if (is_raw(flow)) {
            // One at a time: raw sockets to one address also hear of each other's errors.
            std::vector<Attempt> alone;
            alone.emplace_back(lab, flow);
            run(alone, patience);
            outcomes.push_back(alone.front().outcome());
        } else {
            outcomes.push_back(attempts[next++].outcome());
        }
    }
    return outcomes;
}

Outcome attempt(const Lab& lab, const Flow& flow, milliseconds patience) {
    return attempt(lab, std::span(&flow, 1), patience).front();
}

std::set<std::string> reached(const Lab& lab, const Flow& flow, unsigned tries,
                              milliseconds patience) {
    const std::vector<Flow> flows(tries, flow);
    std::set<std::string> seen;
    for (const Outcome& outcome : attempt(lab, flows, patience)) {
        seen.insert(describe(lab, outcome));
    }
    return seen;
}

Session Session::open(const Lab& lab, const Flow& flow) {
    std::vector<Attempt> one;
    one.emplace_back(lab, flow);
    run(one, kPatience);
    Session session;
    session.outcome_ = one.front().outcome();
    if (session) {
        session.fd_ = one.front().take_socket();
    }
    return session;
}

bool Session::echo(std::string_view text, milliseconds patience) {
    if (::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size())) {
        return false;
    }
    std::string back;
    const Clock::time_point end = Clock::now() + patience;
    while (back.size() < text.size()) {
        const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now()).count();
        pollfd polled{fd_.get(), POLLIN, 0};
        if (left <= 0 || ::poll(&polled, 1, static_cast<int>(left)) <= 0) {
            return false;
        }
        std::array<char, 4096> buffer;
        const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (n <= 0) {
            return false;
        }
        back.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return back == text;
}

}  // namespace sy::lab
