#include "backends/ipvs/backend/split.h"

#include <algorithm>
#include <set>

namespace sy::ipvs {
namespace {

using Place = std::pair<ServerKey, EndpointAddr>;

Place place_of(const ObjectOp<Target>& op) {
    return {op.object.server, op.object.address};
}

/// Takes out of both lists what is in both.
void cancel_out(std::vector<ObjectOp<Target>>& remove, std::vector<ObjectOp<Target>>& add) {
    std::set<Place> removed;
    for (const auto& op : remove) {
        removed.insert(place_of(op));
    }
    std::set<Place> both;
    for (const auto& op : add) {
        if (removed.contains(place_of(op))) {
            both.insert(place_of(op));
        }
    }
    const auto in_both = [&both](const auto& op) { return both.contains(place_of(op)); };
    std::erase_if(remove, in_both);
    std::erase_if(add, in_both);
}

struct Sink {
    const Locality& around;
    uint32_t owner;
    bool removal;
    std::vector<nft::ElementOp>& elements;
    std::vector<ObjectOp<ServerKey>>& servers;
    std::vector<ObjectOp<Target>>& targets;
    std::vector<RouteChange>& routes;

    void operator()(const nft::Element& element) const {
        if (!is_held_back(around, element)) {
            elements.push_back({element, owner});
        }
        if (const auto address = service_address(element)) {
            if (const auto route = route_for(around, *address)) {
                routes.push_back({.route = *route, .remove = removal, .owner = owner});
            }
        }
    }
    void operator()(const ServerKey& server) const { servers.push_back({server, owner}); }
    void operator()(const Target& target) const { targets.push_back({target, owner}); }
};

}  // namespace

Split split(const Book::Stage& stage, const Locality& around) {
    Split result;
    for (const auto& op : stage.remove) {
        std::visit(Sink{around, op.owner, true, result.remove_elements, result.remove_servers,
                        result.remove_targets, result.remove_routes},
                   op.object);
    }
    for (const auto& op : stage.add) {
        std::visit(Sink{around, op.owner, false, result.add_elements, result.add_servers,
                        result.add_targets, result.add_routes},
                   op.object);
    }
    cancel_out(result.remove_targets, result.add_targets);
    return result;
}

Hairpins take_hairpins(Split& split) {
    const auto lasting = [](const std::vector<ObjectOp<Target>>& targets,
                            const std::vector<ObjectOp<ServerKey>>& servers) {
        std::set<ServerKey> passing;
        for (const auto& op : servers) {
            passing.insert(op.object);
        }
        return std::ranges::any_of(
            targets, [&](const auto& op) { return !passing.contains(op.object.server); });
    };
    const auto take = [](std::vector<nft::ElementOp>& from, std::vector<nft::ElementOp>& to) {
        std::erase_if(from, [&to](const nft::ElementOp& op) {
            if (op.element.set() != nft::SetId::hairpin) {
                return false;
            }
            to.push_back(op);
            return true;
        });
    };
    Hairpins hairpins;
    if (lasting(split.add_targets, split.add_servers)) {
        take(split.add_elements, hairpins.before);
    }
    if (lasting(split.remove_targets, split.remove_servers)) {
        take(split.remove_elements, hairpins.after);
    }
    return hairpins;
}

std::vector<nft::Element> elements_of(std::span<const Object> objects) {
    std::vector<nft::Element> result;
    for (const auto& object : objects) {
        if (const auto* element = std::get_if<nft::Element>(&object)) {
            result.push_back(*element);
        }
    }
    return result;
}

}  // namespace sy::ipvs
