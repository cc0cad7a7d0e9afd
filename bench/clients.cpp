#include "bench/clients.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace sy::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::_Exit(1);
}

int must(int result, const char* what) {
    if (result < 0) {
        give_up(what);
    }
    return result;
}

sockaddr_in to_sockaddr(const EndpointAddr& address) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = address.port.be16();
    std::memcpy(&in.sin_addr, address.ip.bytes().data(), sizeof in.sin_addr);
    return in;
}

Fd bound(int type) {
    Fd fd(must(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto any = to_sockaddr({IpAddr::v4(0, 0, 0, 0), kServed});
    must(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), "bind");
    return fd;
}

void watch(int epoll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    must(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

/// A reset instead of TIME_WAIT: ports would run out.
void reset_on_close(int fd) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/// Without waiting for acknowledgements of what was sent before.
void send_at_once(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

double microseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::micro>(duration).count();
}

Series summary(std::vector<double>& times, Clock::duration all) {
    std::ranges::sort(times);
    const auto at = [&](double share) {
        return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
    };
    return {.p50 = at(0.5),
            .p99 = at(0.99),
            .per_second =
                static_cast<double>(times.size()) / std::chrono::duration<double>(all).count()};
}

std::atomic<uint64_t>* shared_counter() {
    void* memory = ::mmap(nullptr, sizeof(std::atomic<uint64_t>), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        give_up("mmap");
    }
    return new (memory) std::atomic<uint64_t>(0);
}

/// Calls `once` with 0..count-1; it returns what that step took.
template <class Once>
Series repeat(uint32_t count, Once once) {
    std::vector<double> times;
    times.reserve(count);
    const auto begin = Clock::now();
    for (uint32_t i = 0; i < count; ++i) {
        times.push_back(once(i));
    }
    return summary(times, Clock::now() - begin);
}

}  // namespace

EchoServer::EchoServer()
    : accepted_(shared_counter()),
      tcp_(bound(SOCK_STREAM)),
      udp_(bound(SOCK_DGRAM)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
    must(::listen(tcp_.get(), 4096), "listen");
    thread_ = std::thread([this] { loop(); });
}

EchoServer::~EchoServer() {
    const uint64_t one = 1;
    if (::write(stop_.get(), &one, sizeof one) == sizeof one) {
        thread_.join();
    } else {
        thread_.detach();
    }
}

void EchoServer::loop() {
    const Fd epoll(must(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    for (const Fd* fd : {&tcp_, &udp_, &stop_}) {
        watch(epoll.get(), fd->get());
    }
    std::array<epoll_event, 64> events{};
    std::vector<char> buffer(64 << 10);
    while (true) {
        const int n = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < n; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == stop_.get()) {
                return;
            }
            if (fd == tcp_.get()) {
                for (int peer = 0; (peer = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
                    ++*accepted_;
                    send_at_once(peer);
                    watch(epoll.get(), peer);
                }
            } else if (fd == udp_.get()) {
                while (::recv(fd, buffer.data(), buffer.size(), 0) >= 0) {
                }
            } else if (const auto got = ::recv(fd, buffer.data(), buffer.size(), 0); got > 0) {
                (void)::send(fd, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
            } else {
                ::close(fd);
            }
        }
    }
}

Series connects(const EchoServer& server, std::span<const EndpointAddr> targets, uint32_t count) {
    constexpr uint32_t kBetweenPauses = 500;
    std::vector<sockaddr_in> to;
    to.reserve(targets.size());
    for (const auto& target : targets) {
        to.push_back(to_sockaddr(target));
    }
    std::vector<double> times;
    times.reserve(count);
    Clock::duration all{};
    const uint64_t accepted_before = server.accepted();
    for (uint32_t i = 0; i < count; ++i) {
        const auto& address = to[i % to.size()];
        const auto begin = Clock::now();
        Fd fd(must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
        reset_on_close(fd.get());
        const auto before = Clock::now();
        must(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
             "connect");
        const auto after = Clock::now();
        fd.reset();
        all += Clock::now() - begin;
        times.push_back(microseconds(after - before));
        while (i % kBetweenPauses == 0 && server.accepted() - accepted_before < i) {
            std::this_thread::yield();
        }
    }
    return summary(times, all);
}

Series round_trips(const EndpointAddr& target, uint32_t count) {
    const Fd fd(must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const auto to = to_sockaddr(target);
    must(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "connect");
    send_at_once(fd.get());
    reset_on_close(fd.get());
    return repeat(count, [&](uint32_t) {
        char byte = 'x';
        const auto begin = Clock::now();
        must(static_cast<int>(::send(fd.get(), &byte, 1, MSG_NOSIGNAL)), "send");
        must(static_cast<int>(::recv(fd.get(), &byte, 1, 0)), "recv");
        return microseconds(Clock::now() - begin);
    });
}

double bulk(const EndpointAddr& target, uint32_t count) {
    const Fd fd(must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const auto to = to_sockaddr(target);
    must(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "connect");
    send_at_once(fd.get());
    reset_on_close(fd.get());
    std::array<char, 16 << 10> block{};
    const auto begin = Clock::now();
    for (uint32_t i = 0; i < count; ++i) {
        must(static_cast<int>(::send(fd.get(), block.data(), block.size(), MSG_NOSIGNAL)), "send");
        must(static_cast<int>(::recv(fd.get(), block.data(), block.size(), MSG_WAITALL)), "recv");
    }
    const std::chrono::duration<double> took = Clock::now() - begin;
    return static_cast<double>(block.size()) * count / 1e6 / took.count();
}

Series datagrams(std::span<const EndpointAddr> targets, uint32_t count) {
    std::vector<sockaddr_in> to;
    to.reserve(targets.size());
    for (const auto& target : targets) {
        to.push_back(to_sockaddr(target));
    }
    const Fd fd(must(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
    const char byte = 'x';
    return repeat(count, [&](uint32_t i) {
        const auto& address = to[i % to.size()];
        const auto begin = Clock::now();
        must(
            static_cast<int>(::sendto(fd.get(), &byte, 1, 0,
                                      reinterpret_cast<const sockaddr*>(&address), sizeof address)),
            "sendto");
        return microseconds(Clock::now() - begin);
    });
}

Series connected_datagrams(const EndpointAddr& target, uint32_t count) {
    const Fd fd(must(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
    const auto to = to_sockaddr(target);
    must(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), "connect");
    const char byte = 'x';
    return repeat(count, [&](uint32_t) {
        const auto begin = Clock::now();
        must(static_cast<int>(::send(fd.get(), &byte, 1, 0)), "send");
        return microseconds(Clock::now() - begin);
    });
}

}  // namespace sy::bench
