#include "kube/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

namespace sy {
namespace {

template <class Address>
std::optional<IpAddr> address_at(const sockaddr* from, std::size_t offset) {
    Address address{};
    std::memcpy(&address, reinterpret_cast<const char*>(from) + offset, sizeof(address));
    return IpAddr::from_bytes(
        std::span(reinterpret_cast<const uint8_t*>(&address), sizeof(address)));
}

std::optional<IpAddr> to_ip(const addrinfo& info) {
    if (info.ai_family == AF_INET) {
        return address_at<in_addr>(info.ai_addr, offsetof(sockaddr_in, sin_addr));
    }
    if (info.ai_family == AF_INET6) {
        return address_at<in6_addr>(info.ai_addr, offsetof(sockaddr_in6, sin6_addr));
    }
    return std::nullopt;
}

}  // namespace

Result<std::vector<IpAddr>> resolve_host(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int status = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    const int code = errno;
    if (status != 0) {
        return fail(std::string("look up: ") + ::gai_strerror(status), {},
                    status == EAI_SYSTEM ? code : 0);
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
    std::vector<IpAddr> addresses;
    for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
        const auto ip = to_ip(*info);
        if (ip && std::ranges::find(addresses, *ip) == addresses.end()) {
            addresses.push_back(*ip);
        }
    }
    if (addresses.empty()) {
        return fail("look up: the name has no address");
    }
    return addresses;
}

}  // namespace sy
