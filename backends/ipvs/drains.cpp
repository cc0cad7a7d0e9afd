#include "backends/ipvs/drains.h"

#include <algorithm>

#include "backends/ipvs/word.h"

namespace sy::ipvs {

void Drains::begin(const ServerKey& server, const EndpointAddr& address, TimePoint now) {
    begun_.try_emplace({server, address}, now);
}

bool Drains::stop(const ServerKey& server, const EndpointAddr& address) {
    return begun_.erase({server, address}) != 0;
}

bool Drains::draining(const ServerKey& server, const EndpointAddr& address) const {
    return begun_.contains({server, address});
}

bool Drains::closing_id(Family family, uint32_t id) const {
    return closing_.contains({family, mark_of(id)}) ||
           closing_.contains({family, kRoleLocal | mark_of(id)});
}

bool Drains::any_since(TimePoint at) const {
    return std::ranges::any_of(begun_, [at](const auto& entry) { return entry.second <= at; });
}

std::vector<ServerKey> Drains::servers() const {
    std::vector<ServerKey> result;
    for (const auto& [place, begun] : begun_) {
        if (result.empty() || result.back() != place.first) {
            result.push_back(place.first);
        }
    }
    return result;
}

std::vector<Change> Drains::settle(std::span<const Activity> active, TimePoint now) {
    std::set<Place> busy;
    for (const auto& one : active) {
        if (one.active + one.inactive != 0) {
            busy.emplace(one.destination.server, one.destination.address);
        }
    }
    std::vector<Change> changes;
    std::erase_if(begun_, [&](const auto& entry) {
        const auto& [place, begun] = entry;
        if (busy.contains(place) && now - begun < kDrainBound) {
            return false;
        }
        changes.push_back({.kind = Change::Kind::remove,
                           .server = {},
                           .destination = {place.first, place.second, 0}});
        return true;
    });
    std::ranges::move(settle_servers(), std::back_inserter(changes));
    return changes;
}

std::vector<Change> Drains::settle_servers() {
    std::vector<Change> changes;
    const auto held = servers();
    std::erase_if(closing_, [&](const ServerKey& server) {
        if (std::ranges::binary_search(held, server)) {
            return false;
        }
        changes.push_back(
            {.kind = Change::Kind::remove_server, .server = {server, {}}, .destination = {}});
        return true;
    });
    return changes;
}

}  // namespace sy::ipvs
