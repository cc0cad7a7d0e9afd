#include "tests/bpf/client.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "tests/support/expect.h"
#include "tests/support/netns.h"
#include "tests/support/socket_address.h"

namespace sy::bpf_test {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kPatience = 15000;

lab::SocketAddress to_socket(const EndpointAddr& address, Flavor flavor) {
    if (!flavor.mapped()) {
        return {address.ip, address.port};
    }
    std::array<uint8_t, 16> bytes{};
    std::ranges::copy(kMappedPrefix, bytes.begin());
    std::ranges::copy(address.ip.bytes(), bytes.begin() + kMappedPrefix.size());
    return {IpAddr::from_bytes(bytes).value(), address.port};
}

EndpointAddr from_socket(const lab::SocketAddress& address, Flavor flavor) {
    EndpointAddr end = address.endpoint();
    const std::span<const uint8_t> bytes = end.ip.bytes();
    if (flavor.mapped() && bytes.size() == 16 &&
        std::ranges::equal(bytes.first(kMappedPrefix.size()), kMappedPrefix)) {
        end.ip = IpAddr::from_bytes(bytes.subspan(kMappedPrefix.size())).value();
    }
    return end;
}

int outcome(ssize_t status) {
    return status < 0 ? errno : 0;
}

}  // namespace

std::string Flavor::to_string() const {
    return mapped() ? "Mapped" : std::string(sy::to_string(flow));
}

Client::Client(lab::Place place, Flavor flavor, Protocol protocol) : flavor_(flavor) {
    const lab::Entered inside(lab::shared_lab()->at(place));
    const int type = protocol == Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
    fd_ = Fd(::socket(lab::domain(flavor.socket), type | SOCK_CLOEXEC, 0));
    if (!fd_) {
        std::abort();
    }
    const timeval patience{.tv_sec = kPatience / 1000, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

int Client::bind(const IpAddr& address) {
    const lab::SocketAddress local = to_socket({address, Port()}, flavor_);
    return outcome(::bind(fd_.get(), local.get(), local.size));
}

int Client::connect(const EndpointAddr& to) {
    const lab::SocketAddress address = to_socket(to, flavor_);
    return outcome(::connect(fd_.get(), address.get(), address.size));
}

int Client::connect_at_once(const EndpointAddr& to) {
    const int flags = ::fcntl(fd_.get(), F_GETFL);
    ::fcntl(fd_.get(), F_SETFL, flags | O_NONBLOCK);
    const int error = connect(to);
    ::fcntl(fd_.get(), F_SETFL, flags);
    return error;
}

int Client::finish() {
    pollfd wait{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&wait, 1, kPatience) != 1) {
        return ETIMEDOUT;
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

int Client::disconnect() {
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    return outcome(::connect(fd_.get(), &nobody, sizeof nobody));
}

int Client::send() {
    return outcome(::send(fd_.get(), "hello", 5, MSG_NOSIGNAL));
}

int Client::send_to(const EndpointAddr& to) {
    const lab::SocketAddress address = to_socket(to, flavor_);
    return outcome(::sendto(fd_.get(), "hello", 5, MSG_NOSIGNAL, address.get(), address.size));
}

std::optional<Reply> Client::receive(std::chrono::milliseconds patience) {
    pollfd wait{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) != 1) {
        return std::nullopt;
    }
    std::array<char, 512> buffer{};
    lab::SocketAddress sender;
    const ssize_t size =
        ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, sender.get(), &sender.size);
    if (size <= 0) {
        return std::nullopt;
    }
    const std::optional<lab::Greeting> greeting =
        lab::Greeting::parse(std::string_view(buffer.data(), static_cast<std::size_t>(size)));
    if (!greeting) {
        return std::nullopt;
    }
    return Reply{*greeting, sender.size > 0 ? from_socket(sender, flavor_) : EndpointAddr{}};
}

std::optional<Reply> Client::ask(const EndpointAddr& to) {
    if (send_to(to) != 0) {
        return std::nullopt;
    }
    return receive();
}

EndpointAddr Client::peer() const {
    lab::SocketAddress address;
    ::getpeername(fd_.get(), address.get(), &address.size);
    return from_socket(address, flavor_);
}

EndpointAddr Client::own() const {
    lab::SocketAddress address;
    ::getsockname(fd_.get(), address.get(), &address.size);
    return from_socket(address, flavor_);
}

}  // namespace sy::bpf_test
