#include "backends/ipvs/kernel.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "backends/ipvs/kernel/host_settings.h"
#include "backends/ipvs/kernel/mark.h"
#include "backends/ipvs/kernel/open.h"
#include "backends/ipvs/kernel/probe.h"
#include "backends/ipvs/kernel/routes.h"
#include "backends/ipvs/kernel/servers.h"

namespace sy::ipvs {
namespace {

std::vector<ServerKey> keys_of(const std::vector<Server>& servers) {
    std::vector<ServerKey> keys;
    keys.reserve(servers.size());
    for (const Server& server : servers) {
        keys.push_back(server.key);
    }
    return keys;
}

template <class T>
Result<void> plain(std::expected<T, CommitError> done) {
    return done ? Result<void>() : std::unexpected(std::move(done.error().error));
}

class RealKernel final : public Kernel {
  public:
    RealKernel(IpvsSettings settings, Servers servers, Routes routes, HostSettings host,
               Sysctl sysctl, std::unique_ptr<Traffic> traffic)
        : settings_(std::move(settings)),
          traffic_(std::move(traffic)),
          servers_(std::move(servers)),
          routes_(std::move(routes)),
          host_(std::move(host)),
          sysctl_(std::move(sysctl)) {}

    Result<void> probe() override { return probe_features(servers_, sysctl_, settings_.scheduler); }

    Result<void> prepare() override { return host_.apply(settings_, servers_); }

    Result<Dumped> dump() override {
        const auto there = servers_.available();
        if (!there) {
            return std::unexpected(there.error());
        }
        auto servers = *there ? our_servers() : std::vector<Server>();
        if (!servers) {
            return std::unexpected(servers.error());
        }
        auto activity = *there ? servers_.destinations(keys_of(*servers)) : std::vector<Activity>();
        if (!activity) {
            return std::unexpected(activity.error());
        }
        auto routes = routes_.list();
        if (!routes) {
            return std::unexpected(routes.error());
        }
        Dumped dumped{
            .servers = std::move(*servers), .destinations = {}, .routes = std::move(*routes)};
        dumped.destinations.reserve(activity->size());
        for (const Activity& one : *activity) {
            dumped.destinations.push_back(one.destination);
        }
        std::ranges::sort(dumped.destinations);
        return dumped;
    }

    std::expected<void, CommitError> commit(const std::vector<Change>& changes) override {
        return servers_.commit(changes);
    }

    std::expected<void, CommitError> commit(const std::vector<RouteChange>& changes) override {
        return routes_.commit(changes);
    }

    Result<std::vector<Activity>> activity(const std::vector<ServerKey>& servers) override {
        return servers_.destinations(servers);
    }

    Result<std::vector<IpAddr>> interface_addresses() override {
        return routes_.interface_addresses();
    }

    void let_packets_pass() override {
        // The kernel carries this out as a wait for all readers of RCU, which packets in hooks are.
        // Where it is not to be had (nohz_full) a packet may be refused, which is all we lose.
        (void)::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
    }

    Result<void> remove_all() override {
        const auto there = servers_.available();
        if (!there) {
            return std::unexpected(there.error());
        }
        if (*there) {
            if (auto done = remove_servers(); !done) {
                return done;
            }
        }
        if (auto done = remove_routes(); !done) {
            return done;
        }
        return host_.restore(*there ? &servers_ : nullptr);
    }

  private:
    Result<std::vector<Server>> our_servers() {
        const auto all = servers_.list();
        if (!all) {
            return std::unexpected(all.error());
        }
        std::vector<Server> ours;
        for (const AnyServer& server : *all) {
            if (server.mark && is_ours(*server.mark)) {
                ours.push_back(
                    {.key = {server.family, *server.mark}, .scheduler = server.scheduler});
            }
        }
        return ours;
    }

    Result<void> remove_servers() {
        const auto ours = our_servers();
        if (!ours) {
            return std::unexpected(ours.error());
        }
        std::vector<Change> removals;
        for (const Server& server : *ours) {
            removals.push_back({.kind = Change::Kind::remove_server,
                                .server = server,
                                .destination = {},
                                .owner = 0});
        }
        return plain(servers_.commit(removals));
    }

    Result<void> remove_routes() {
        const auto ours = routes_.list();
        if (!ours) {
            return std::unexpected(ours.error());
        }
        std::vector<RouteChange> removals;
        for (const LocalRoute& route : *ours) {
            removals.push_back({.route = route, .remove = true, .owner = 0});
        }
        return plain(routes_.commit(removals));
    }

    IpvsSettings settings_;
    std::unique_ptr<Traffic> traffic_;  // of a caller who gave none
    Servers servers_;
    Routes routes_;
    HostSettings host_;
    Sysctl sysctl_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> open_kernel(const IpvsSettings& settings, Log& /*log*/,
                                            const Surroundings& surroundings) {
    std::unique_ptr<Traffic> own;
    Traffic* traffic = surroundings.traffic;
    if (traffic == nullptr) {
        own = std::make_unique<Traffic>();
        traffic = own.get();
    }
    auto servers = Servers::open(*traffic);
    if (!servers) {
        return std::unexpected(servers.error());
    }
    auto routes = Routes::open(*traffic);
    if (!routes) {
        return std::unexpected(routes.error());
    }
    auto folder = saved_values_folder(surroundings.run_folder);
    if (!folder) {
        return std::unexpected(folder.error());
    }
    const Sysctl sysctl(surroundings.sysctl_root);
    return std::make_unique<RealKernel>(settings, std::move(*servers), std::move(*routes),
                                        HostSettings(sysctl, SavedValues(std::move(*folder))),
                                        sysctl, std::move(own));
}

Result<std::unique_ptr<Kernel>> open_kernel(const IpvsSettings& settings, Log& log) {
    return open_kernel(settings, log, Surroundings{});
}

}  // namespace sy::ipvs
