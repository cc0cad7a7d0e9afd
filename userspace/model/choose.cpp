#include "model/choose.h"

#include <algorithm>

namespace sy {
namespace {

enum class Topology { everywhere, same_node, same_zone };

/// Serves until it is gone, because nobody else does.
bool is_last_resort(const Endpoint& endpoint) {
    return endpoint.serving && endpoint.terminating;
}

/// True if every Ready endpoint has hints and some hint names `wanted`. Partial hints are those of
/// a controller that has not caught up, so they must not take endpoints away.
bool hints_decide(std::span<const Candidate> candidates, SymbolList Endpoint::* hints,
                  Symbol wanted, const Symbols& symbols) {
    bool named = false;
    for (const auto& candidate : candidates) {
        const auto& endpoint = *candidate.endpoint;
        if (!endpoint.ready) {
            continue;
        }
        if (endpoint.*hints == SymbolList::empty) {
            return false;
        }
        named = named || symbols.contains(endpoint.*hints, wanted);
    }
    return named;
}

Topology topology_of(std::span<const Candidate> candidates, const NodeView& node,
                     const Symbols& symbols) {
    if (node.name != Symbol::none &&
        hints_decide(candidates, &Endpoint::node_hints, node.name, symbols)) {
        return Topology::same_node;
    }
    if (node.zone != Symbol::none &&
        hints_decide(candidates, &Endpoint::zone_hints, node.zone, symbols)) {
        return Topology::same_zone;
    }
    return Topology::everywhere;
}

bool is_near(const Endpoint& endpoint, Topology topology, const NodeView& node,
             const Symbols& symbols) {
    switch (topology) {
        case Topology::same_node:
            return symbols.contains(endpoint.node_hints, node.name);
        case Topology::same_zone:
            return symbols.contains(endpoint.zone_hints, node.zone);
        case Topology::everywhere:
            break;
    }
    return true;
}

template <class Predicate>
std::vector<PlannedEndpoint> those(std::span<const Candidate> candidates, const NodeView& node,
                                   Predicate wanted) {
    std::vector<PlannedEndpoint> list;
    for (const auto& candidate : candidates) {
        if (wanted(*candidate.endpoint)) {
            list.push_back({candidate.address, is_local(*candidate.endpoint, node)});
        }
    }
    return list;
}

std::vector<PlannedEndpoint> cluster_list(std::span<const Candidate> candidates,
                                          const NodeView& node, const Symbols& symbols) {
    const auto topology = topology_of(candidates, node, symbols);
    auto list = those(candidates, node, [&](const Endpoint& endpoint) {
        return endpoint.ready && is_near(endpoint, topology, node, symbols);
    });
    return list.empty() ? those(candidates, node, is_last_resort) : list;
}

std::vector<PlannedEndpoint> local_list(std::span<const Candidate> candidates,
                                        const NodeView& node) {
    auto list = those(candidates, node, [&](const Endpoint& endpoint) {
        return endpoint.ready && is_local(endpoint, node);
    });
    if (!list.empty()) {
        return list;
    }
    return those(candidates, node, [&](const Endpoint& endpoint) {
        return is_last_resort(endpoint) && is_local(endpoint, node);
    });
}

}  // namespace

bool is_local(const Endpoint& endpoint, const NodeView& node) {
    return node.name != Symbol::none && endpoint.node == node.name;
}

Choice choose(std::span<const Candidate> candidates, const Policies& policies, const NodeView& node,
              const Symbols& symbols) {
    Choice choice;
    if (policies.uses_cluster()) {
        choice.cluster = cluster_list(candidates, node, symbols);
    }
    if (policies.uses_local()) {
        choice.local = local_list(candidates, node);
    }
    choice.has_any = std::ranges::any_of(candidates, [](const Candidate& candidate) {
        return candidate.endpoint->ready || is_last_resort(*candidate.endpoint);
    });
    return choice;
}

}  // namespace sy
