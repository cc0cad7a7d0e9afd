// The kernel seam of the IPVS backend: virtual servers through generic netlink, routes through
// rtnetlink, and the settings both rest on. The companion table has the seam of the nftables
// library.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "backends/settings.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/net.h"
#include "base/result.h"

namespace sy::ipvs {

/// A virtual server found by the firewall mark of a packet (IPVS_SVC_ATTR_FWMARK). Marks that carry
/// our tag are ours, all others and all servers at an address are somebody else's.
struct ServerKey {
    Family family = Family::ipv4;
    uint32_t mark = 0;

    friend auto operator<=>(const ServerKey&, const ServerKey&) = default;
};

struct Server {
    ServerKey key;
    /// Name of the kernel's scheduler.
    std::string scheduler;

    friend bool operator==(const Server&, const Server&) = default;
};

/// A destination (masquerading, IP_VS_CONN_F_MASQ) of a server.
struct Destination {
    ServerKey server;
    EndpointAddr address;
    /// 0: no new connections, those that are there live on.
    uint32_t weight = 1;

    friend auto operator<=>(const Destination&, const Destination&) = default;
};

/// A destination with the connections it has.
struct Activity {
    Destination destination;
    uint32_t active = 0;
    uint32_t inactive = 0;
};

/// `ip route … local ADDRESS dev lo src SOURCE proto 88` in table local.
struct LocalRoute {
    Cidr network;
    IpAddr source;

    friend auto operator<=>(const LocalRoute&, const LocalRoute&) = default;
};

/// Adding what is there already, and removing what is gone already, are no errors: the server or
/// destination is then brought to what is asked for (its scheduler, its weight).
struct Change {
    enum class Kind : uint8_t { add_server, set_server, remove_server, add, set, remove };
    Kind kind = Kind::add;
    /// Of the server kinds.
    Server server;
    /// Of the others.
    Destination destination;
    /// Comes back in CommitError.
    uint32_t owner = 0;
};

/// A route that comes or goes; one of another source is replaced.
struct RouteChange {
    LocalRoute route;
    bool remove = false;
    uint32_t owner = 0;
};

struct CommitError {
    enum class Reason {
        /// The kernel refused particular changes; `suspects` holds their owners. All others were
        /// carried out.
        change,
        /// What we took for granted is not there.
        drift,
        /// Anything else (permission, memory, no IPVS).
        other,
    };
    Reason reason = Reason::other;
    Error error;
    std::vector<uint32_t> suspects;
};

/// Everything of ours.
struct Dumped {
    std::vector<Server> servers;
    std::vector<Destination> destinations;
    std::vector<LocalRoute> routes;
};

class Kernel {
  public:
    virtual ~Kernel() = default;
    /// Loads ip_vs and the scheduler if it can; the error says what to load or which mode to
    /// choose.
    virtual Result<void> probe() = 0;
    /// Settings the layout rests on (vs.conntrack, forwarding, …), timeouts, strict ARP. The values
    /// of before are kept where remove_all() of another process finds them.
    virtual Result<void> prepare() = 0;
    /// Where there is no IPVS there are no servers.
    virtual Result<Dumped> dump() = 0;
    /// In order; many messages per send, an answer only on errors.
    virtual std::expected<void, CommitError> commit(const std::vector<Change>& changes) = 0;
    virtual std::expected<void, CommitError> commit(const std::vector<RouteChange>& changes) = 0;
    /// Connections of all destinations of the servers; one that is gone is left out.
    virtual Result<std::vector<Activity>> activity(const std::vector<ServerKey>& servers) = 0;
    /// Addresses that sit on an interface other than lo, sorted: they get no route.
    virtual Result<std::vector<IpAddr>> interface_addresses() = 0;
    /// Returns when every packet that was on its way through the hooks at the call has passed them:
    /// one that got a mark by the words of before has found its server.
    virtual void let_packets_pass() = 0;
    /// Servers, routes and settings of ours; fine if there are none.
    virtual Result<void> remove_all() = 0;
};

/// The real one, in the network namespace of the calling thread. `log` must outlive it.
Result<std::unique_ptr<Kernel>> open_kernel(const IpvsSettings& settings, Log& log);

}  // namespace sy::ipvs
