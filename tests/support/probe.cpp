#include "tests/support/probe.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "tests/support/attempt.h"

namespace sy::lab {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kResend{1000};

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
    return {kind, from, to, port, std::nullopt, Port(), false};
}

}  // namespace

std::string Flow::to_string() const {
    constexpr std::array<std::string_view, 4> kKinds{"tcp", "udp", "sctp", "ping"};
    std::string text = std::string(kKinds[static_cast<std::size_t>(kind)]) + " " +
                       std::string(lab::to_string(from));
    if (source) {
        text += " (as " + source->to_string() + ")";
    }
    if (any_source) {
        text += " (unbound)";
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

Flow unbound(Flow flow) {
    flow.any_source = true;
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
