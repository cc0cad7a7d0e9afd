#include "serve/health_check_table.h"

#include <algorithm>

namespace sy {

void HealthCheckTable::committed(const ServicePlan& plan) {
    if (!plan.health_check) {
        removed(plan.name);
        return;
    }
    FamilySet families;
    for (const PortPlan& port : plan.ports) {
        families |= FamilySet(port.family);
    }
    const auto [place, is_new] = entries_.try_emplace(plan.name);
    Entry& entry = place->second;
    if (is_new || entry.families != families ||
        entry.check.node_port != plan.health_check->node_port) {
        ++version_;
    }
    entry = {.check = *plan.health_check, .families = families};
}

void HealthCheckTable::removed(const ServiceName& name) {
    if (!entries_.empty() && entries_.erase(name) > 0) {
        ++version_;
    }
}

uint32_t HealthCheckTable::local_endpoints(const ServiceName& name, Family family) const {
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) {
        return 0;
    }
    const HealthCheckPlan& check = entry->second.check;
    return family == Family::ipv4 ? check.local_ready_ipv4 : check.local_ready_ipv6;
}

std::set<HealthCheckListener> HealthCheckTable::listeners(
    FamilySet everywhere, std::span<const IpAddr> nodeport_addresses) const {
    std::set<HealthCheckListener> out;
    for (const auto& [name, entry] : entries_) {
        for (const Family family : kFamilies) {
            if (entry.families.contains(family) && everywhere.contains(family)) {
                out.insert({name, {unspecified(family), entry.check.node_port}});
            }
        }
        for (const IpAddr& ip : nodeport_addresses) {
            if (entry.families.contains(ip.family()) && !everywhere.contains(ip.family())) {
                out.insert({name, {ip, entry.check.node_port}});
            }
        }
    }
    return out;
}

FamilySet families_everywhere(const NodePortSelection& selection) {
    FamilySet out;
    if (selection.primary) {
        return out;
    }
    for (const Family family : kFamilies) {
        const auto of_family = [family](const Cidr& cidr) { return cidr.family() == family; };
        const auto all = [family](const Cidr& cidr) {
            return cidr.family() == family && cidr.prefix() == 0;
        };
        if (std::ranges::none_of(selection.cidrs, of_family) ||
            std::ranges::any_of(selection.cidrs, all)) {
            out |= FamilySet(family);
        }
    }
    return out;
}

}  // namespace sy
