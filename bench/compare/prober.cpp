#include "bench/compare/prober.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include "bench/harness.h"

namespace sy::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetween = 50us;
constexpr auto kFast = 20ms;
constexpr int kShare = 400;

sockaddr_in to_sockaddr(const EndpointAddr& address) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = address.port.be16();
    std::memcpy(&in.sin_addr, address.ip.bytes().data(), sizeof in.sin_addr);
    return in;
}

int must(int result, const char* what) {
    if (result < 0) {
        give_up(std::string(what) + ": " + std::strerror(errno));
    }
    return result;
}

/// A reset at the end instead of TIME_WAIT: ports would run out.
void reset_on_close(int fd) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/// A connection that has been begun.
Fd connecting(const sockaddr_in& to) {
    Fd fd(must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
    reset_on_close(fd.get());
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
        errno != EINPROGRESS) {
        return {};  // refused for now
    }
    return fd;
}

}  // namespace

Prober::Prober()
    : server_(must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket")) {
    // The default slack of sleeping threads, 50 us, is as long as a pause.
    ::prctl(PR_SET_TIMERSLACK, 1000UL);
    const auto any = to_sockaddr({IpAddr::v4(0, 0, 0, 0), kProbed});
    must(::bind(server_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), "bind");
    must(::listen(server_.get(), 1024), "listen");
}

bool Prober::arrived_at(const IpAddr& endpoint) {
    bool here = false;
    for (;;) {
        const Fd peer(::accept4(server_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (peer.get() < 0) {
            return here;
        }
        sockaddr_in local{};
        socklen_t size = sizeof local;
        ::getsockname(peer.get(), reinterpret_cast<sockaddr*>(&local), &size);
        here = here ||
               std::memcmp(&local.sin_addr, endpoint.bytes().data(), sizeof local.sin_addr) == 0;
    }
}

std::optional<Clock::duration> Prober::first_at(const EndpointAddr& frontend,
                                                const IpAddr& endpoint, Clock::time_point begin,
                                                Clock::duration limit) {
    const auto to = to_sockaddr(frontend);
    for (;;) {
        const Fd probe = connecting(to);
        const bool arrived = arrived_at(endpoint);
        const auto passed = Clock::now() - begin;
        if (arrived) {
            return passed;
        }
        if (passed > limit) {
            return std::nullopt;
        }
        const Clock::duration pause = passed < kFast ? kBetween : passed / kShare;
        std::this_thread::sleep_for(std::max<Clock::duration>(pause, kBetween));
    }
}

bool answers(const EndpointAddr& frontend, std::chrono::milliseconds patience) {
    const Fd fd = connecting(to_sockaddr(frontend));
    pollfd ready{fd.get(), POLLOUT, 0};
    if (fd.get() < 0 || ::poll(&ready, 1, static_cast<int>(patience.count())) != 1) {
        return false;
    }
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace sy::bench
