#include "backends/ipvs/backend/retirement.h"

#include <set>
#include <vector>

namespace sy::ipvs {

Result<std::optional<std::chrono::milliseconds>> Retirement::go_on() {
    if (auto done = tables_->remove_tables(); !done) {
        return std::unexpected(done.error());
    }
    const auto found = kernel_->dump();
    if (!found) {
        return std::unexpected(found.error());
    }
    // Also where there is no IPVS to ask about connections.
    if (found->servers.empty()) {
        return remove_rest();
    }
    kernel_->let_packets_pass();
    // Connections that are just being opened do not count as active yet: the first look spares all.
    const bool first = !begun_;
    const auto now = now_();
    begun_ = begun_.value_or(now);
    std::set<ServerKey> busy;
    std::vector<Change> changes;
    if (now - *begun_ < kDrainBound) {
        std::vector<ServerKey> keys;
        for (const auto& server : found->servers) {
            keys.push_back(server.key);
        }
        const auto activity = kernel_->activity(keys);
        if (!activity) {
            return std::unexpected(activity.error());
        }
        for (const auto& one : *activity) {
            const bool spared = first && one.active + one.inactive != 0;
            if (one.active != 0 || spared) {
                busy.insert(one.destination.server);
            } else {
                changes.push_back(
                    {.kind = Change::Kind::remove, .server = {}, .destination = one.destination});
            }
        }
    }
    if (busy.empty()) {
        return remove_rest();
    }
    for (const auto& server : found->servers) {
        if (!busy.contains(server.key)) {
            changes.push_back(
                {.kind = Change::Kind::remove_server, .server = server, .destination = {}});
        }
    }
    if (auto done = kernel_->commit(changes); !done) {
        return std::unexpected(std::move(done.error().error));
    }
    return kDrainPeriod;
}

Result<std::optional<std::chrono::milliseconds>> Retirement::remove_rest() {
    auto removed = kernel_->remove_all();
    return removed ? Result<std::optional<std::chrono::milliseconds>>()
                   : std::unexpected(std::move(removed.error()));
}

}  // namespace sy::ipvs
