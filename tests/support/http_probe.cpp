#include "tests/support/http_probe.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace sy {
namespace {

constexpr timeval kPatience{.tv_sec = 30, .tv_usec = 0};

int connect_to(int fd, const SocketAddress& address) {
    const auto bytes = address.ip.bytes();
    if (address.ip.family() == Family::ipv4) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = address.port.be16();
        std::memcpy(&to.sin_addr, bytes.data(), bytes.size());
        return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = address.port.be16();
    std::memcpy(&to.sin6_addr, bytes.data(), bytes.size());
    return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

unsigned number(std::string_view text) {
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

HttpAnswer parse_head(std::string_view head) {
    HttpAnswer answer;
    const auto first = head.find("\r\n");
    // "HTTP/1.1 200 OK"
    answer.status = number(head.substr(std::min<std::size_t>(9, head.size())));
    for (auto at = first; at != std::string_view::npos && at + 2 < head.size();) {
        const auto begin = at + 2;
        at = head.find("\r\n", begin);
        const auto line = head.substr(begin, at - begin);
        const auto colon = line.find(": ");
        if (colon != std::string_view::npos) {
            answer.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
        }
    }
    return answer;
}

}  // namespace

Result<HttpProbe> HttpProbe::connect(const SocketAddress& address) {
    const bool v4 = address.ip.family() == Family::ipv4;
    Fd fd(socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) {
        return fail("socket", address.to_string(), errno);
    }
    (void)setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    (void)setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    if (connect_to(fd.get(), address) != 0) {
        return fail("connect", address.to_string(), errno);
    }
    return HttpProbe(std::move(fd));
}

Result<void> HttpProbe::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            return fail("send", {}, errno);
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

bool HttpProbe::fill() {
    char bytes[4096];
    const auto got = recv(fd_.get(), bytes, sizeof bytes, 0);
    if (got <= 0) {
        return false;
    }
    received_.append(bytes, static_cast<std::size_t>(got));
    return true;
}

Result<HttpAnswer> HttpProbe::receive(bool head) {
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) {
            return fail("the connection ended within a header", {}, errno);
        }
    }
    HttpAnswer answer = parse_head(std::string_view(received_).substr(0, end));
    received_.erase(0, end + 4);
    const std::size_t length = head ? 0 : number(answer.headers["content-length"]);
    while (received_.size() < length) {
        if (!fill()) {
            return fail("the connection ended within a body", {}, errno);
        }
    }
    answer.body = received_.substr(0, length);
    received_.erase(0, length);
    return answer;
}

bool HttpProbe::ended() {
    char byte = 0;
    ssize_t got = 0;
    while ((got = recv(fd_.get(), &byte, 1, 0)) > 0) {
    }
    return got == 0 || errno == ECONNRESET;
}

Result<HttpAnswer> http_get(const SocketAddress& address, std::string_view target) {
    auto probe = HttpProbe::connect(address);
    if (!probe) {
        return std::unexpected(probe.error());
    }
    const std::string request =
        "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    if (const auto sent = probe->send(request); !sent) {
        return std::unexpected(sent.error());
    }
    return probe->receive();
}

}  // namespace sy
