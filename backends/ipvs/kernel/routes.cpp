#include "backends/ipvs/kernel/routes.h"

#include <linux/netlink.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>

#include "backends/ipvs/kernel/refusal.h"
#include "backends/ipvs/kernel/route_messages.h"

namespace sy::ipvs {
namespace {

/// The device on which kube-proxy's IPVS mode puts the addresses of Services. They are no
/// addresses of the host, and go when kube-proxy's leftovers do: our routes have to be there by
/// then.
constexpr const char* kKubeProxyDevice = "kube-ipvs0";

Meaning meaning_of_route(const RouteChange& change, int code) {
    switch (code) {
        case ESRCH:
        case ENOENT:
            return change.remove ? Meaning::fine : Meaning::other;
        case EPERM:
        case ENOMEM:
        case ENOBUFS:
        case EOPNOTSUPP:
        case EAFNOSUPPORT:
            return Meaning::other;
        default:
            return Meaning::change;
    }
}

std::string describe(const RouteChange& change) {
    return (change.remove ? "remove the local route of " : "make a local route of ") +
           change.route.network.to_string() +
           (change.remove ? "" : " with source " + change.route.source.to_string());
}

}  // namespace

Result<Routes> Routes::open(Traffic& traffic) {
    auto channel = Channel::open(NETLINK_ROUTE, traffic);
    if (!channel) {
        return std::unexpected(channel.error());
    }
    const uint32_t loopback = if_nametoindex("lo");
    if (loopback == 0) {
        return fail("find the interface lo", {}, errno);
    }
    return Routes(std::move(*channel), loopback);
}

std::expected<void, CommitError> Routes::commit(const std::vector<RouteChange>& changes) {
    const auto answers = channel_.change(changes.size(), [&](std::size_t i, Message& message) {
        write_route(message, changes[i], loopback_);
    });
    if (!answers) {
        return std::unexpected(CommitError{CommitError::Reason::other, answers.error(), {}});
    }
    Refusals refused;
    for (const auto& [index, code] : *answers) {
        const RouteChange& change = changes[index];
        const Meaning meaning = meaning_of_route(change, code);
        if (meaning != Meaning::fine) {
            refused.add(meaning, {describe(change), {}, code}, change.owner);
        }
    }
    return refused.result();
}

Result<std::vector<LocalRoute>> Routes::list() {
    std::vector<LocalRoute> routes;
    for (const Family family : kFamilies) {
        const auto start = static_cast<std::ptrdiff_t>(routes.size());
        const auto done =
            channel_.list([&](Message& message) { write_route_list(message, family); },
                          [&](const nlmsghdr& message) {
                              if (const auto route = read_route(message)) {
                                  routes.push_back(*route);
                              }
                          },
                          [&] { routes.erase(routes.begin() + start, routes.end()); });
        if (!done) {
            return std::unexpected(done.error());
        }
    }
    std::ranges::sort(routes);
    return routes;
}

Result<std::vector<IpAddr>> Routes::interface_addresses() {
    const uint32_t kube_proxys = if_nametoindex(kKubeProxyDevice);
    std::vector<IpAddr> addresses;
    const auto done = channel_.list(
        [](Message& message) { write_address_list(message); },
        [&](const nlmsghdr& message) {
            const auto held = read_address(message);
            if (held && held->interface != loopback_ && held->interface != kube_proxys) {
                addresses.push_back(held->ip);
            }
        },
        [&] { addresses.clear(); });
    if (!done) {
        return std::unexpected(done.error());
    }
    std::ranges::sort(addresses);
    const auto rest = std::ranges::unique(addresses);
    addresses.erase(rest.begin(), rest.end());
    return addresses;
}

}  // namespace sy::ipvs
