// Compares the kernel with what was written and mends the difference.
#include <malloc.h>

#include <algorithm>
#include <map>

#include "backends/ipvs/backend/backend.h"

namespace sy::ipvs {
namespace {

using Place = std::pair<ServerKey, EndpointAddr>;

}  // namespace

Result<KernelReport> IpvsBackend::audit() {
    auto dumped = kernel_->dump();
    if (!dumped) {
        return std::unexpected(dumped.error());
    }
    KernelReport report;
    report.found = dumped->servers.size() + dumped->destinations.size() + dumped->routes.size();
    routes_ = {dumped->routes.begin(), dumped->routes.end()};
    if (facts_) {
        if (auto done = look_around(*facts_); !done) {
            return std::unexpected(done.error());
        }
        if (auto done = mend_routes(dumped->routes, report); !done) {
            return std::unexpected(done.error());
        }
    }
    if (auto done = mend_servers(*dumped, true, report); !done) {
        return std::unexpected(done.error());
    }
    if (auto done = mend_tables(report); !done) {
        return std::unexpected(done.error());
    }
    if (auto done = mend_servers(*dumped, false, report); !done) {
        return std::unexpected(done.error());
    }
    malloc_trim(0);
    return report;
}

/// `additions`: servers and destinations that are missing; otherwise those too many, which drain
/// as if they had been removed.
Result<void> IpvsBackend::mend_servers(const Dumped& dumped, bool additions, KernelReport& report) {
    std::map<ServerKey, std::string> servers;
    for (const auto& server : dumped.servers) {
        servers.emplace(server.key, server.scheduler);
    }
    std::map<Place, uint32_t> places;
    for (const auto& destination : dumped.destinations) {
        places.emplace(Place{destination.server, destination.address}, destination.weight);
    }
    std::vector<Change> adding;
    std::vector<Change> removing;
    for (const auto& object : wanted()) {
        if (const auto* server = std::get_if<ServerKey>(&object)) {
            const auto found = servers.find(*server);
            if (found == servers.end() || found->second != settings_.scheduler) {
                adding.push_back({.kind = Change::Kind::add_server,
                                  .server = {*server, settings_.scheduler},
                                  .destination = {}});
            }
            servers.erase(*server);
        } else if (const auto* target = std::get_if<Target>(&object)) {
            const Place place{target->server, target->address};
            const auto found = places.find(place);
            if (found == places.end() || found->second != 1) {
                adding.push_back({.kind = Change::Kind::add,
                                  .server = {},
                                  .destination = {target->server, target->address, 1}});
            }
            places.erase(place);
        }
    }
    for (const auto& [place, weight] : places) {
        if (weight != 0) {
            removing.push_back({.kind = Change::Kind::set,
                                .server = {},
                                .destination = {place.first, place.second, 0}});
        }
        if (!additions) {
            drains_.begin(place.first, place.second, now_());
        }
    }
    for (const auto& [server, scheduler] : servers) {
        if (!additions && !drains_.closing(server)) {
            drains_.close(server);
            ++report.drifted;
        }
    }
    if (!additions) {
        report.drifted += removing.size();
        std::ranges::move(drains_.settle_servers(), std::back_inserter(removing));
    } else {
        report.drifted += adding.size();
        // Servers before their destinations.
        std::ranges::stable_partition(
            adding, [](const Change& c) { return c.kind == Change::Kind::add_server; });
    }
    const auto& changes = additions ? adding : removing;
    if (changes.empty()) {
        return {};
    }
    auto done = kernel_->commit(changes);
    return done ? Result<void>() : std::unexpected(std::move(done.error().error));
}

Result<void> IpvsBackend::mend_routes(const std::vector<LocalRoute>& found, KernelReport& report) {
    const auto elements = elements_of(wanted());
    const auto want = routes_for(around_, elements);
    std::vector<RouteChange> changes;
    for (const auto& route : want) {
        if (std::ranges::find(found, route) == found.end()) {
            changes.push_back({.route = route});
        }
    }
    for (const auto& route : found) {
        if (std::ranges::find(want, route.network, &LocalRoute::network) == want.end()) {
            changes.push_back({.route = route, .remove = true});
        }
    }
    routes_ = {want.begin(), want.end()};
    report.drifted += changes.size();
    if (changes.empty()) {
        return {};
    }
    auto done = kernel_->commit(changes);
    return done ? Result<void>() : std::unexpected(std::move(done.error().error));
}

Result<void> IpvsBackend::mend_tables(KernelReport& report) {
    auto dumped = tables_.kernel().dump();
    if (!dumped) {
        return std::unexpected(dumped.error());
    }
    for (const auto family : kFamilies) {
        const auto found = std::ranges::find(*dumped, family, &nft::DumpedTable::family);
        if (!tables_.present(family)) {
            continue;
        }
        if (auto done = tables_.reconcile(family, found == dumped->end() ? nullptr : &*found,
                                          content(family), report);
            !done) {
            return done;
        }
    }
    return {};
}

}  // namespace sy::ipvs
