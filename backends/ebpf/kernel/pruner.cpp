// Ends connected UDP sockets whose endpoint is gone.
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "backends/ebpf/kernel/open.h"
#include "backends/ebpf/kernel/pins.h"
#include "backends/ebpf/kernel/socket_list.h"
#include "backends/ebpf/kernel/socket_reaper.h"
#include "os/netns.h"
#include "os/sock_diag.h"

namespace sy::ebpf {
namespace {

IpAddr ip_of(const uint32_t (&words)[4], bool ipv6) {
    std::array<uint8_t, sizeof words> bytes{};
    std::memcpy(bytes.data(), words, sizeof words);
    return *IpAddr::from_bytes(std::span(bytes).first(ipv6 ? sizeof words : sizeof words[0]));
}

Port port_of(uint16_t be16) {
    return Port{Port{be16}.be16()};
}

UdpSocket udp_socket(const sy_socket& found) {
    const bool ipv6 = found.ipv6 != 0;
    return {.local = {ip_of(found.source, ipv6), port_of(found.source_port)},
            .remote = {ip_of(found.connection.address, ipv6), port_of(found.connection.port)},
            .mapped = found.mapped != 0,
            .interface = found.interface,
            .cookie = found.cookie};
}

EndpointAddr destination(const sy_socket& found) {
    return {ip_of(found.connection.vip, found.ipv6 != 0), port_of(found.connection.vip_port)};
}

class Pruner final : public SocketPruner {
  public:
    Pruner(const EbpfSettings& settings, Log& log) : pins_(settings.bpf_root), log_(log) {}

    Result<Report> prune(const Stale& stale) override;

  private:
    using ByNamespace = std::map<uint32_t, std::vector<sy_socket>>;

    Result<std::vector<sy_socket>> sockets();
    Result<void> end(const ByNamespace& stale, Report& report);
    Result<void> end_in(int ns, const std::vector<sy_socket>& stale, Report& report);
    Result<void> reap_in(int ns, const std::vector<sy_socket>& stale, Report& report);

    Pins pins_;
    Log& log_;
    std::optional<SocketList> list_;
    /// Loaded when the kernel has turned out to lack SOCK_DESTROY.
    std::optional<SocketReaper> reaper_;
    bool warned_ = false;
};

// Every set has the same map of connections, unless their format has changed.
Result<std::vector<sy_socket>> Pruner::sockets() {
    const auto newest = pins_.newest_finished();
    if (!newest) {
        return std::unexpected(newest.error());
    }
    if (!*newest) {
        return {};
    }
    const auto connections = Map::open((*newest)->folder + "/connections");
    if (!connections) {
        // Removed under our hands.
        return connections.error().code == ENOENT ? Result<std::vector<sy_socket>>()
                                                  : std::unexpected(connections.error());
    }
    if (connections->facts().value_size != sizeof(sy_connection)) {
        return fail("of another layout", "map connections");
    }
    if (!list_) {
        auto loaded = SocketList::load(log_);
        if (!loaded) {
            return std::unexpected(loaded.error());
        }
        list_ = std::move(*loaded);
    }
    return list_->read(*connections);
}

Result<SocketPruner::Report> Pruner::prune(const Stale& stale) {
    const auto found = sockets();
    if (!found) {
        return std::unexpected(found.error());
    }
    Report report;
    report.seen = found->size();
    ByNamespace chosen;
    for (const sy_socket& socket : *found) {
        if (stale(destination(socket), udp_socket(socket).remote)) {
            chosen[socket.netns].push_back(socket);
        }
    }
    if (auto done = end(chosen, report); !done) {
        return std::unexpected(done.error());
    }
    return report;
}

// A failure in one namespace does not keep the sockets of others alive; the last one is told.
Result<void> Pruner::end(const ByNamespace& stale, Report& report) {
    std::set<uint32_t> inodes;
    for (const auto& [inode, sockets] : stale) {
        inodes.insert(inode);
    }
    const auto places = inodes.empty() ? std::map<uint32_t, Fd>() : find_netns(inodes);
    Result<void> result;
    for (const auto& [inode, sockets] : stale) {
        const auto place = places.find(inode);
        if (place != places.end()) {
            if (auto done = end_in(place->second.get(), sockets, report); !done) {
                result = done;
            }
        } else if (!std::exchange(warned_, true)) {
            // A namespace that has just ended has taken its sockets along.
            log_.warning("network namespace " + std::to_string(inode) + " with " +
                         std::to_string(sockets.size()) +
                         " UDP sockets to endpoints that are gone was not found in /proc or "
                         "/run/netns; if it still exists, they cannot be ended from here (a pod "
                         "needs hostPID or the host's /run/netns, and CAP_SYS_PTRACE)");
        }
    }
    return result;
}

Result<void> Pruner::end_in(int ns, const std::vector<sy_socket>& stale, Report& report) {
    if (reaper_) {
        return reap_in(ns, stale, report);
    }
    Result<SocketDestroyer> destroyer = fail("not opened");
    if (auto entered = in_netns(ns, [&] { destroyer = SocketDestroyer::open(); }); !entered) {
        return entered;
    }
    if (!destroyer) {
        return std::unexpected(destroyer.error());
    }
    for (const sy_socket& socket : stale) {
        const auto ended = destroyer->destroy(udp_socket(socket));
        if (!ended && ended.error().code == EOPNOTSUPP) {
            auto reaper = SocketReaper::load(log_);
            if (!reaper) {
                return std::unexpected(reaper.error());
            }
            reaper_ = std::move(*reaper);
            return reap_in(ns, stale, report);
        }
        if (!ended) {
            return std::unexpected(ended.error());
        }
        if (*ended) {
            ++(socket.ipv6 != 0 ? report.ended_ipv6 : report.ended_ipv4);
        }
    }
    return {};
}

Result<void> Pruner::reap_in(int ns, const std::vector<sy_socket>& stale, Report& report) {
    std::vector<uint64_t> cookies;
    cookies.reserve(stale.size());
    for (const sy_socket& socket : stale) {
        cookies.push_back(socket.cookie);
    }
    Result<std::unordered_set<uint64_t>> ended = fail("not begun");
    if (auto entered = in_netns(ns, [&] { ended = reaper_->end(cookies); }); !entered) {
        return entered;
    }
    if (!ended) {
        return std::unexpected(ended.error());
    }
    for (const sy_socket& socket : stale) {
        if (ended->contains(socket.cookie)) {
            ++(socket.ipv6 != 0 ? report.ended_ipv6 : report.ended_ipv4);
        }
    }
    return {};
}

}  // namespace

std::unique_ptr<SocketPruner> make_socket_pruner(const EbpfSettings& settings, Log& log) {
    return std::make_unique<Pruner>(settings, log);
}

}  // namespace sy::ebpf
