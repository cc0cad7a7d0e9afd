#include "backends/kube_proxy/ipvs_leftovers.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backends/ipvs/kernel/foreign_servers.h"

namespace sy::kube_proxy {
namespace {

constexpr const char* kInterface = "kube-ipvs0";
/// The API server's default. Other ports of the node may well be somebody else's: a load balancer
/// of the API servers, say.
constexpr uint16_t kFirstNodePort = 30000;
constexpr uint16_t kLastNodePort = 32767;

struct FreeAddresses {
    void operator()(ifaddrs* list) const { freeifaddrs(list); }
};

std::optional<IpAddr> address_of(const sockaddr* address) {
    if (address == nullptr) {
        return std::nullopt;
    }
    if (address->sa_family == AF_INET) {
        const auto& ip = reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
        return IpAddr::from_bytes({reinterpret_cast<const uint8_t*>(&ip), sizeof ip});
    }
    if (address->sa_family == AF_INET6) {
        const auto& ip = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
        return IpAddr::from_bytes({reinterpret_cast<const uint8_t*>(&ip), sizeof ip});
    }
    return std::nullopt;
}

Result<HostAddresses> host_addresses() {
    ifaddrs* listed = nullptr;
    if (getifaddrs(&listed) != 0) {
        return fail("list interface addresses", {}, errno);
    }
    const std::unique_ptr<ifaddrs, FreeAddresses> list(listed);
    HostAddresses addresses;
    for (const ifaddrs* one = list.get(); one != nullptr; one = one->ifa_next) {
        if (const auto ip = address_of(one->ifa_addr)) {
            const bool service = std::string_view(one->ifa_name) == kInterface;
            (service ? addresses.of_services : addresses.of_node).push_back(*ip);
        }
    }
    return addresses;
}

}  // namespace

bool is_kube_proxys(const EndpointAddr& server, const HostAddresses& addresses,
                    const std::vector<Cidr>& exclude) {
    if (std::ranges::any_of(exclude, [&](const Cidr& c) { return c.contains(server.ip); })) {
        return false;
    }
    const auto holds = [&](const std::vector<IpAddr>& some) {
        return std::ranges::find(some, server.ip) != some.end();
    };
    const uint16_t port = server.port.number();
    return holds(addresses.of_services) ||
           (port >= kFirstNodePort && port <= kLastNodePort && holds(addresses.of_node));
}

bool remove_ipvs_servers(const std::vector<Cidr>& exclude, Log& log) {
    if (if_nametoindex(kInterface) == 0) {
        return true;
    }
    const auto addresses = host_addresses();
    if (!addresses) {
        log.warning("virtual servers that kube-proxy may have left cannot be looked for: " +
                    addresses.error().message());
        return false;
    }
    const auto done = ipvs::remove_foreign_servers(
        [&](const EndpointAddr& server) { return is_kube_proxys(server, *addresses, exclude); });
    if (!done) {
        log.warning("virtual servers that kube-proxy left cannot be removed: " +
                    done.error().message());
        return false;
    }
    if (done->removed > 0) {
        log.info("removed " + std::to_string(done->removed) +
                 " virtual servers that kube-proxy left");
    }
    if (done->busy > 0) {
        log.info(std::to_string(done->busy) +
                 " virtual servers that kube-proxy left have open connections and stay until the "
                 "next start");
    }
    return done->busy == 0;
}

}  // namespace sy::kube_proxy
