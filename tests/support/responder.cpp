#include "tests/support/responder.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <sstream>

#include "tests/support/packet.h"
#include "tests/support/socket_address.h"

namespace sy::lab {
namespace {

constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;

Result<Fd> bound(Family family, int type, int protocol, const IpAddr& address, Port port) {
    Fd fd(::socket(domain(family), type | kFlags, protocol));
    if (!fd) {
        return fail("cannot open a server socket", {}, errno);
    }
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const SocketAddress local(address, port);
    if (::bind(fd.get(), local.get(), local.size) != 0) {
        return fail("cannot bind a server socket", address.to_string(), errno);
    }
    if (type == SOCK_STREAM && ::listen(fd.get(), 4096) != 0) {
        return fail("cannot listen", address.to_string(), errno);
    }
    return fd;
}

}  // namespace

std::string Greeting::to_string() const {
    return server + " " + std::to_string(server_port.number()) + " " + client.ip.to_string() + " " +
           std::to_string(client.port.number()) + "\n";
}

std::optional<Greeting> Greeting::parse(std::string_view text) {
    std::istringstream in{std::string(text)};
    Greeting greeting;
    std::string ip;
    unsigned server_port = 0;
    unsigned client_port = 0;
    if (!(in >> greeting.server >> server_port >> ip >> client_port)) {
        return std::nullopt;
    }
    const std::optional<IpAddr> address = IpAddr::parse(ip);
    if (!address) {
        return std::nullopt;
    }
    greeting.server_port = Port(static_cast<uint16_t>(server_port));
    greeting.client = {*address, Port(static_cast<uint16_t>(client_port))};
    return greeting;
}

Result<std::unique_ptr<Responder>> Responder::start(const std::vector<Server>& servers) {
    std::unique_ptr<Responder> responder(new Responder);
    responder->epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
    responder->wake_ = Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = responder->wake_.get();
    if (::epoll_ctl(responder->epoll_.get(), EPOLL_CTL_ADD, responder->wake_.get(), &event) != 0) {
        return fail("cannot set up epoll", {}, errno);
    }
    for (const Server& server : servers) {
        if (Result<void> opened = responder->open(server); !opened) {
            return std::unexpected(opened.error());
        }
    }
    responder->thread_ = std::thread([raw = responder.get()] { raw->loop(); });
    return responder;
}

Responder::~Responder() {
    stopping_ = true;
    const uint64_t one = 1;
    if (thread_.joinable()) {
        [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
        thread_.join();
    }
}

Result<void> Responder::open(const Server& server) {
    Result<void> opened;
    server.there([&] { opened = open_all(server); });
    return opened;
}

Result<void> Responder::open_all(const Server& server) {
    const Family family = server.address.family();
    const auto keep = [&](Kind kind, Port port, Result<Fd> fd) -> Result<void> {
        if (!fd) {
            return std::unexpected(fd.error());
        }
        return add({kind, std::move(*fd), server.name, family, port});
    };
    for (Port port : server.ports) {
        Result<void> tcp =
            keep(Kind::listener, port, bound(family, SOCK_STREAM, 0, server.address, port));
        if (!tcp) {
            return tcp;
        }
        Result<void> udp =
            keep(Kind::datagram, port, bound(family, SOCK_DGRAM, 0, server.address, port));
        if (!udp) {
            return udp;
        }
    }
    return keep(Kind::sctp, Port(), bound(family, SOCK_RAW, IPPROTO_SCTP, server.address, Port()));
}

Result<void> Responder::add(Socket socket) {
    const int fd = socket.fd.get();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    sockets_.insert_or_assign(fd, std::move(socket));
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        return fail("cannot watch a server socket", {}, errno);
    }
    return {};
}

void Responder::loop() {
    std::array<epoll_event, 64> events;
    while (!stopping_) {
        const int n = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
        for (int i = 0; i < n; ++i) {
            const auto found = sockets_.find(events[static_cast<std::size_t>(i)].data.fd);
            if (found != sockets_.end()) {
                ready(found->second);
            }
        }
    }
}

void Responder::ready(Socket& socket) {
    switch (socket.kind) {
        case Kind::wake:
            return;
        case Kind::listener:
            return accept_all(socket);
        case Kind::connection:
            return echo(socket);
        case Kind::datagram:
            return answer_datagrams(socket);
        case Kind::sctp:
            return answer_sctp(socket);
    }
}

void Responder::accept_all(Socket& listener) {
    for (;;) {
        SocketAddress peer;
        Fd fd(::accept4(listener.fd.get(), peer.get(), &peer.size, kFlags));
        if (!fd) {
            return;
        }
        const std::string text =
            Greeting{listener.name, listener.port, peer.endpoint()}.to_string();
        ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
        // A connection that cannot be watched is closed: its client sees it.
        (void)add({Kind::connection, std::move(fd), listener.name, listener.family, listener.port});
    }
}

void Responder::echo(Socket& connection) {
    std::array<char, 65536> buffer;
    const ssize_t n = ::recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
        ::send(connection.fd.get(), buffer.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL);
    } else if (n == 0 || errno != EAGAIN) {
        sockets_.erase(connection.fd.get());  // closes it, which also takes it out of epoll
    }
}

void Responder::answer_datagrams(Socket& socket) {
    for (;;) {
        std::array<char, 2048> buffer;
        SocketAddress peer;
        const ssize_t n =
            ::recvfrom(socket.fd.get(), buffer.data(), buffer.size(), 0, peer.get(), &peer.size);
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n >= 0) {
            const std::string text =
                Greeting{socket.name, socket.port, peer.endpoint()}.to_string();
            ::sendto(socket.fd.get(), text.data(), text.size(), 0, peer.get(), peer.size);
        }
    }
}

void Responder::answer_sctp(Socket& socket) {
    for (;;) {
        std::array<uint8_t, 2048> buffer;
        SocketAddress peer;
        const ssize_t n =
            ::recvfrom(socket.fd.get(), buffer.data(), buffer.size(), 0, peer.get(), &peer.size);
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        const std::span<const uint8_t> bytes =
            std::span(buffer).first(n < 0 ? 0 : static_cast<std::size_t>(n));
        const std::optional<SctpPacket> packet = read_sctp(ip_payload(bytes, socket.family));
        if (!packet || packet->chunk != SctpPacket::Chunk::init) {
            continue;
        }
        const IpAddr client = peer.endpoint().ip;
        const std::string text =
            Greeting{socket.name, packet->destination, {client, packet->source}}.to_string();
        const std::vector<uint8_t> answer =
            write_sctp({packet->destination, packet->source, SctpPacket::Chunk::init_ack,
                        packet->initiate_tag, 0x5357, text});
        const SocketAddress to(client, Port());
        ::sendto(socket.fd.get(), answer.data(), answer.size(), 0, to.get(), to.size);
    }
}

}  // namespace sy::lab
