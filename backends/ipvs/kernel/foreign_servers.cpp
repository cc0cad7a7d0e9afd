#include "backends/ipvs/kernel/foreign_servers.h"

#include <vector>

#include "backends/ipvs/kernel/servers.h"

namespace sy::ipvs {

Result<ForeignRemoval> remove_foreign_servers(
    const std::function<bool(const EndpointAddr& address)>& doomed) {
    Traffic traffic;
    auto servers = Servers::open(traffic);
    if (!servers) {
        return std::unexpected(servers.error());
    }
    const auto there = servers->available();
    if (!there || !*there) {
        return there ? Result<ForeignRemoval>(ForeignRemoval{}) : std::unexpected(there.error());
    }
    const auto all = servers->list();
    if (!all) {
        return std::unexpected(all.error());
    }
    ForeignRemoval result;
    std::vector<AnyServer> removals;
    for (const AnyServer& server : *all) {
        if (server.mark || !doomed(server.address)) {
            continue;
        }
        const auto busy = servers->has_connections(server);
        if (!busy) {
            return std::unexpected(busy.error());
        }
        if (*busy) {
            ++result.busy;
        } else {
            removals.push_back(server);
        }
    }
    result.removed = removals.size();
    if (const auto done = servers->remove(removals); !done) {
        return std::unexpected(done.error());
    }
    return result;
}

}  // namespace sy::ipvs
