#include "model/claims.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>

namespace sy {
namespace {

bool refers_to(const PortPlan& port, ListId list) {
    return std::ranges::any_of(port.frontends, [&](const Frontend& frontend) {
        return frontend.inside.list == list || frontend.outside.list == list;
    });
}

/// Empties what only lost frontends referred to.
void prune(PortPlan& port) {
    if (!refers_to(port, ListId::cluster)) {
        port.cluster.clear();
    }
    if (!refers_to(port, ListId::local)) {
        port.local.clear();
    }
    const auto has = [&](auto wanted) { return std::ranges::any_of(port.frontends, wanted); };
    const bool internal = has([](const Frontend& f) { return f.kind == FrontendKind::cluster_ip; });
    const bool external = has([](const Frontend& f) { return f.kind != FrontendKind::cluster_ip; });
    port.no_local_internal = port.no_local_internal && internal;
    port.no_local_external = port.no_local_external && external;
    if (!has([](const Frontend& f) { return f.kind == FrontendKind::load_balancer_ip; })) {
        port.source_ranges.clear();
    }
}

FrontendKey key_of(const PortPlan& port, const Frontend& frontend) {
    return {frontend.address, port.protocol, frontend.port};
}

/// One frontend of a plan, for finding those that ask for the same key.
struct Asking {
    FrontendKey key;
    FrontendKind kind;
    std::string_view port_name;
    std::size_t port;
    std::size_t frontend;

    auto rank() const { return std::tie(key, kind, port_name); }
};

/// For each port, which of its frontends another port of the same Service has.
std::vector<std::vector<bool>> lost_to_siblings(const ServicePlan& plan) {
    std::vector<std::vector<bool>> lost;
    std::vector<Asking> asking;
    for (std::size_t p = 0; p < plan.ports.size(); ++p) {
        const auto& port = plan.ports[p];
        lost.emplace_back(port.frontends.size(), false);
        for (std::size_t f = 0; f < port.frontends.size(); ++f) {
            const auto& frontend = port.frontends[f];
            asking.push_back({key_of(port, frontend), frontend.kind, port.name, p, f});
        }
    }
    std::ranges::sort(asking, {}, &Asking::rank);
    for (std::size_t i = 1; i < asking.size(); ++i) {
        if (asking[i].key == asking[i - 1].key) {
            lost[asking[i].port][asking[i].frontend] = true;
        }
    }
    return lost;
}

}  // namespace

std::vector<Claim> claims_of(const Service& service) {
    std::vector<Claim> claims;
    const auto ports = served_ports(service);
    for (const auto family : kFamilies) {
        const auto addresses = addresses_in(service, family);
        if (!addresses) {
            continue;
        }
        for (const auto* port : ports) {
            const auto add = [&](const IpAddr& address, Port number, FrontendKind kind) {
                claims.push_back({{address, port->protocol, number}, kind});
            };
            add(addresses->cluster_ip, port->port, FrontendKind::cluster_ip);
            for (const auto& ip : addresses->load_balancer_ips) {
                add(ip, port->port, FrontendKind::load_balancer_ip);
            }
            for (const auto& ip : addresses->external_ips) {
                add(ip, port->port, FrontendKind::external_ip);
            }
            if (port->node_port != Port{}) {
                add(unspecified(family), port->node_port, FrontendKind::node_port);
            }
        }
    }
    std::ranges::sort(claims);
    claims.erase(std::ranges::unique(claims, {}, &Claim::key).begin(), claims.end());
    return claims;
}

void Claims::add(Owner owner, const Claim& claim, Report& report) {
    const auto [holder, is_free] = held_.insert({claim.key, claim.kind, owner});
    if (is_free) {
        report.handovers.acquired(claim.key, owner);
        return;
    }
    auto& waiting = waiting_[claim.key];
    const Candidate old{holder->kind, holder->owner};
    if (!Better{}({claim.kind, owner}, old)) {
        waiting.insert({claim.kind, owner});
        return;
    }
    waiting.insert(old);
    held_.erase(holder);
    held_.insert({claim.key, claim.kind, owner});
    report.handovers.passed(old.owner, owner);
    // Everyone who waits records the holder's name.
    for (const auto& candidate : waiting) {
        report.affected.push_back(candidate.owner);
    }
}

void Claims::remove(Owner owner, const Claim& claim, Report& report) {
    const auto holder = held_.find(claim.key);
    if (holder == held_.end()) {
        return;
    }
    const auto waiting = waiting_.find(claim.key);
    if (holder->owner != owner) {
        if (waiting != waiting_.end()) {
            waiting->second.erase({claim.kind, owner});
        }
    } else if (waiting == waiting_.end()) {
        held_.erase(holder);
        report.handovers.freed(claim.key, owner);
    } else {
        for (const auto& candidate : waiting->second) {
            report.affected.push_back(candidate.owner);
        }
        const auto heir = *waiting->second.begin();
        waiting->second.erase(waiting->second.begin());
        held_.erase(holder);
        held_.insert({claim.key, heir.kind, heir.owner});
        report.handovers.passed(owner, heir.owner);
    }
    if (waiting != waiting_.end() && waiting->second.empty()) {
        waiting_.erase(waiting);
    }
}

std::vector<Claims::Owner> Claims::replace(Owner owner, const std::vector<Claim>& before,
                                           const std::vector<Claim>& after, Handovers& handovers) {
    Report report{handovers, {}};
    std::vector<Claim> gone;
    std::ranges::set_difference(before, after, std::back_inserter(gone));
    for (const auto& claim : gone) {
        remove(owner, claim, report);
    }
    std::vector<Claim> added;
    std::ranges::set_difference(after, before, std::back_inserter(added));
    for (const auto& claim : added) {
        add(owner, claim, report);
    }
    return std::move(report.affected);
}

Claims::Owner Claims::rival(const FrontendKey& key, Owner owner) const {
    // Without a contest whoever asks is the holder.
    if (waiting_.empty() || !waiting_.contains(key)) {
        return nullptr;
    }
    const auto holder = held_.find(key);
    return holder == held_.end() || holder->owner == owner ? nullptr : holder->owner;
}

void settle(ServicePlan& plan, const Claims& claims, Claims::Owner owner) {
    const auto siblings = lost_to_siblings(plan);
    for (std::size_t p = 0; p < plan.ports.size(); ++p) {
        auto& port = plan.ports[p];
        std::vector<Frontend> kept;
        for (std::size_t f = 0; f < port.frontends.size(); ++f) {
            const auto& frontend = port.frontends[f];
            const auto* rival = claims.rival(key_of(port, frontend), owner);
            if (rival == nullptr && siblings[p][f]) {
                rival = owner;
            }
            if (rival == nullptr) {
                kept.push_back(frontend);
                continue;
            }
            plan.lost.push_back({port.family, port.protocol, frontend.kind, frontend.address,
                                 frontend.port, *rival});
        }
        if (kept.size() != port.frontends.size()) {
            port.frontends = std::move(kept);
            prune(port);
        }
    }
    std::erase_if(plan.ports, [](const PortPlan& port) { return port.frontends.empty(); });
}

}  // namespace sy
