#include "agent/udp_frontends.h"

#include <algorithm>
#include <utility>

namespace sy {
namespace {

EndpointAddr key_of(Family family, const Frontend& frontend) {
    const bool node_port = frontend.kind == FrontendKind::node_port;
    return {.ip = node_port ? unspecified(family) : frontend.address, .port = frontend.port};
}

bool contains(const std::vector<EndpointAddr>& sorted, const EndpointAddr& endpoint) {
    return std::binary_search(sorted.begin(), sorted.end(), endpoint);
}

/// Flows that were right under `before` may be wrong under `after`.
bool makes_suspect(const std::vector<EndpointAddr>& before,
                   const std::vector<EndpointAddr>& after) {
    return before.empty()
               ? !after.empty()
               : !std::includes(after.begin(), after.end(), before.begin(), before.end());
}

}  // namespace

bool UdpSuspects::stale(const EndpointAddr& destination, const EndpointAddr& answering) const {
    const bool loopback = destination.ip.is_loopback();
    if (loopback && answering == destination) {
        return false;
    }
    auto rule = rules.find(destination);
    if (rule == rules.end() &&
        (loopback || std::binary_search(nodeport_addresses.begin(), nodeport_addresses.end(),
                                        destination.ip))) {
        rule = rules.find({.ip = unspecified(destination.ip.family()), .port = destination.port});
    }
    if (rule == rules.end()) {
        return false;
    }
    return rule->second ? !contains(*rule->second, answering) : answering != destination;
}

std::vector<Family> UdpSuspects::families() const {
    std::vector<Family> found;
    for (const Family family : kFamilies) {
        if (std::ranges::any_of(
                rules, [family](const auto& rule) { return rule.first.ip.family() == family; })) {
            found.push_back(family);
        }
    }
    return found;
}

void UdpFrontends::claim(const ServiceName& owner, const EndpointAddr& frontend,
                         const UdpSuspects::Serving& serving) {
    const auto [at, fresh] = frontends_.try_emplace(frontend);
    Entry& entry = at->second;
    if (fresh || entry.owner != owner || makes_suspect(*entry.serving, *serving)) {
        suspects_.insert(frontend);
    }
    if (entry.owner != owner) {
        entry.owner = owner;
    }
    entry.serving = serving;
}

void UdpFrontends::release(const ServiceName& owner, const EndpointAddr& frontend) {
    const auto at = frontends_.find(frontend);
    // Another Service may have taken the frontend over in the same commit.
    if (at != frontends_.end() && at->second.owner == owner) {
        frontends_.erase(at);
        suspects_.insert(frontend);
    }
}

void UdpFrontends::committed(const ServicePlan& plan) {
    std::vector<EndpointAddr> now;
    for (const PortPlan& port : plan.ports) {
        if (port.protocol != Protocol::udp) {
            continue;
        }
        const auto serving = std::make_shared<const std::vector<EndpointAddr>>(port.serving);
        for (const Frontend& frontend : port.frontends) {
            now.push_back(key_of(port.family, frontend));
            claim(plan.name, now.back(), serving);
        }
    }
    const auto known = by_service_.find(plan.name);
    if (known == by_service_.end() && now.empty()) {
        return;
    }
    std::sort(now.begin(), now.end());
    if (known != by_service_.end()) {
        for (const EndpointAddr& old : known->second) {
            if (!contains(now, old)) {
                release(plan.name, old);
            }
        }
    }
    if (now.empty()) {
        by_service_.erase(known);
    } else {
        by_service_[plan.name] = std::move(now);
    }
}

void UdpFrontends::removed(const ServiceName& name) {
    const auto known = by_service_.find(name);
    if (known == by_service_.end()) {
        return;
    }
    for (const EndpointAddr& frontend : known->second) {
        release(name, frontend);
    }
    by_service_.erase(known);
}

void UdpFrontends::set_nodeport_addresses(std::vector<IpAddr> addresses) {
    const bool grown = !std::includes(nodeport_addresses_.begin(), nodeport_addresses_.end(),
                                      addresses.begin(), addresses.end());
    nodeport_addresses_ = std::move(addresses);
    if (!grown) {
        return;
    }
    for (const auto& [frontend, entry] : frontends_) {
        if (frontend.ip.is_unspecified()) {
            suspects_.insert(frontend);
        }
    }
}

void UdpFrontends::orphaned(std::span<const EndpointAddr> frontends) {
    for (const EndpointAddr& frontend : frontends) {
        if (!frontends_.contains(frontend)) {
            suspects_.insert(frontend);
        }
    }
}

void UdpFrontends::suspect_again(const UdpSuspects& suspects) {
    for (const auto& [frontend, serving] : suspects.rules) {
        suspects_.insert(frontend);
    }
}

void UdpFrontends::shield_vips(UdpSuspects& suspects, const EndpointAddr& node_port) const {
    for (const IpAddr& address : nodeport_addresses_) {
        const EndpointAddr vip{.ip = address, .port = node_port.port};
        const auto entry = frontends_.find(vip);
        if (entry != frontends_.end()) {
            suspects.rules.try_emplace(vip, entry->second.serving);
        }
    }
}

UdpSuspects UdpFrontends::take_suspects() {
    UdpSuspects out;
    out.nodeport_addresses = nodeport_addresses_;
    out.rules.reserve(suspects_.size());
    for (const EndpointAddr& frontend : std::exchange(suspects_, {})) {
        const auto entry = frontends_.find(frontend);
        out.rules[frontend] = entry == frontends_.end() ? nullptr : entry->second.serving;
        if (frontend.ip.is_unspecified()) {
            shield_vips(out, frontend);
        }
    }
    return out;
}

}  // namespace sy
