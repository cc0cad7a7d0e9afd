#include "tests/support/client_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "tests/support/socket_address.h"

namespace sy::lab {
namespace {

constexpr std::size_t kMappedPrefix = 12;

SocketAddress given_to(const SocketKind& kind, const EndpointAddr& where) {
    if (!kind.mapped) {
        return {where.ip, where.port};
    }
    std::array<uint8_t, 16> bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::ranges::copy(where.ip.bytes(), bytes.begin() + kMappedPrefix);
    return {IpAddr::from_bytes(bytes).value(), where.port};
}

EndpointAddr shown_by(const SocketKind& kind, const SocketAddress& address) {
    const EndpointAddr shown = address.endpoint();
    if (!kind.mapped || shown.ip.family() == Family::ipv4) {
        return shown;
    }
    return {IpAddr::from_bytes(std::span(shown.ip.bytes()).subspan(kMappedPrefix)).value(),
            shown.port};
}

int result_of(ssize_t returned) {
    return returned < 0 ? errno : 0;
}

}  // namespace

ClientSocket::ClientSocket(const Lab& lab, Place place, const SocketKind& kind)
    : ClientSocket([&lab, place](const auto& work) { lab.in(place, work); }, kind) {}

ClientSocket::ClientSocket(There there, const SocketKind& kind)
    : there_(std::move(there)), kind_(kind) {
    const int type = kind.type == SocketKind::Type::tcp ? SOCK_STREAM : SOCK_DGRAM;
    there_([&] {
        fd_ = Fd(::socket(kind.mapped ? AF_INET6 : domain(kind.family),
                          type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        // Reset instead of left to TIME_WAIT: tests use up ports by the thousand.
        const linger hard{1, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    });
}

int ClientSocket::bind(const EndpointAddr& own) {
    const SocketAddress address = given_to(kind_, own);
    return result_of(::bind(fd_.get(), address.get(), address.size));
}

int ClientSocket::connect(const EndpointAddr& to) {
    const SocketAddress address = given_to(kind_, to);
    int result = 0;
    there_([&] { result = result_of(::connect(fd_.get(), address.get(), address.size)); });
    return result;
}

int ClientSocket::connect_and_wait(const EndpointAddr& to) {
    const int result = connect(to);
    return result == EINPROGRESS ? connected() : result;
}

int ClientSocket::disconnect() {
    sockaddr nowhere{};
    nowhere.sa_family = AF_UNSPEC;
    return result_of(::connect(fd_.get(), &nowhere, sizeof nowhere));
}

int ClientSocket::send() {
    return result_of(::send(fd_.get(), "?", 1, MSG_NOSIGNAL));
}

int ClientSocket::send_to(const EndpointAddr& to) {
    const SocketAddress address = given_to(kind_, to);
    int result = 0;
    there_([&] {
        result = result_of(::sendto(fd_.get(), "?", 1, MSG_NOSIGNAL, address.get(), address.size));
    });
    return result;
}

ClientSocket::Received ClientSocket::receive(std::chrono::milliseconds patience) {
    pollfd polled{fd_.get(), POLLIN, 0};
    if (::poll(&polled, 1, static_cast<int>(patience.count())) <= 0) {
        return {ETIMEDOUT, {}, {}};
    }
    std::array<char, 2048> buffer;
    SocketAddress from;
    const ssize_t n =
        ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, from.get(), &from.size);
    if (n < 0) {
        return {errno, {}, {}};
    }
    const auto greeting = Greeting::parse({buffer.data(), static_cast<std::size_t>(n)});
    if (!greeting) {
        return {EBADMSG, {}, {}};
    }
    const bool tcp = kind_.type == SocketKind::Type::tcp;
    return {0, *greeting, tcp ? peer() : shown_by(kind_, from)};
}

ClientSocket::Received ClientSocket::ask() {
    if (const int error = send(); error != 0) {
        return {error, {}, {}};
    }
    return receive();
}

ClientSocket::Received ClientSocket::ask(const EndpointAddr& to) {
    if (const int error = send_to(to); error != 0) {
        return {error, {}, {}};
    }
    return receive();
}

EndpointAddr ClientSocket::own() const {
    SocketAddress address;
    ::getsockname(fd_.get(), address.get(), &address.size);
    return shown_by(kind_, address);
}

EndpointAddr ClientSocket::peer() const {
    SocketAddress address;
    if (::getpeername(fd_.get(), address.get(), &address.size) != 0) {
        return {};
    }
    return shown_by(kind_, address);
}

int ClientSocket::connected(std::chrono::milliseconds patience) {
    pollfd polled{fd_.get(), POLLOUT, 0};
    if (::poll(&polled, 1, static_cast<int>(patience.count())) <= 0) {
        return ETIMEDOUT;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

}  // namespace sy::lab
