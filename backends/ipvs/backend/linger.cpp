// VIPs that no Service asks for any more while connections to them drain: without their route the
// packets of these would not come to this node's IPVS, and without their element a socket of the
// host would answer new connections.
#include <algorithm>

#include "backends/ipvs/backend/backend.h"

namespace sy::ipvs {
namespace {

/// Takes what is about `address` out of both lists.
void take_out(const IpAddr& address, std::vector<nft::ElementOp>& elements,
              std::vector<RouteChange>& routes, std::vector<nft::Element>& taken) {
    std::erase_if(elements, [&](const nft::ElementOp& op) {
        if (service_address(op.element) != address) {
            return false;
        }
        taken.push_back(op.element);
        return true;
    });
    std::erase_if(
        routes, [&](const RouteChange& change) { return change.route.network.contains(address); });
}

}  // namespace

void IpvsBackend::let_linger(Split& split) const {
    const bool draining =
        !drains_.empty() ||
        std::ranges::any_of(split.remove_targets, [](const auto& op) { return op.object.drains; });
    if (draining) {
        const auto leaving = split.remove_routes;
        for (const auto& change : leaving) {
            take_out(change.route.network.first(), split.remove_elements, split.remove_routes,
                     split.linger);
        }
    }
    for (const auto& [element, since] : lingering_) {
        const auto wanted =
            std::ranges::find(split.add_elements, element, &nft::ElementOp::element);
        if (wanted != split.add_elements.end()) {
            take_out(*service_address(element), split.add_elements, split.add_routes,
                     split.return_to_use);
        }
    }
}

void IpvsBackend::note_lingering(const Split& split) {
    for (const auto& element : split.linger) {
        lingering_.emplace(element, now_());
    }
    for (const auto& element : split.return_to_use) {
        lingering_.erase(element);
    }
}

/// Those whose last connection is over go: from the table first.
Result<void> IpvsBackend::end_lingering() {
    Split over;
    for (const auto& [element, since] : lingering_) {
        if (!drains_.any_since(since)) {
            over.remove_elements.push_back({element, 0});
            if (const auto route = route_for(around_, *service_address(element))) {
                over.remove_routes.push_back({.route = *route, .remove = true});
            }
        }
    }
    if (over.remove_elements.empty()) {
        return {};
    }
    for (const auto& op : over.remove_elements) {
        lingering_.erase(op.element);
    }
    ApplyReport ignored;
    if (auto done = write_table(over, {}, ignored); !done) {
        return std::unexpected(done.error().error);
    }
    remove_routes(over, ignored);
    return {};
}

}  // namespace sy::ipvs
