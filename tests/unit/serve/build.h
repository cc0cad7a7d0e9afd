// Plans and commits as the servers see them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/observer.h"
#include "model/plan.h"

namespace sy::test {

inline PortPlan port(Family family) {
    PortPlan plan;
    plan.family = family;
    return plan;
}

/// A Service whose health check is served in `families`.
inline ServicePlan checked(const std::string& name, uint16_t node_port, uint32_t local_ipv4,
                           uint32_t local_ipv6 = 0, FamilySet families = FamilySet(Family::ipv4)) {
    ServicePlan plan;
    plan.name = {"shop", name};
    plan.health_check = HealthCheckPlan{Port(node_port), local_ipv4, local_ipv6};
    for (const Family family : kFamilies) {
        if (families.contains(family)) {
            plan.ports.push_back(port(family));
        }
    }
    return plan;
}

/// A commit and everything it refers to.
struct Committed {
    PlanDelta delta;
    NodeFacts facts;
    std::vector<Quarantined> quarantined;
    std::vector<MapFill> fill;
    Duration latency{};

    Committed& changed(ServicePlan plan) {
        delta.changed.push_back(std::make_shared<const ServicePlan>(std::move(plan)));
        return *this;
    }
    Committed& removed(const std::string& name) {
        delta.removed.push_back({"shop", name});
        return *this;
    }
    Commit commit() const {
        return {.delta = delta,
                .quarantined = quarantined,
                .facts = facts,
                .transactions = 1,
                .writes = 10,
                .latency = latency,
                .fill = fill};
    }
};

}  // namespace sy::test
