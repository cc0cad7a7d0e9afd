// Short ways to write plans in tests.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "model/cluster_state.h"
#include "model/plan.h"

namespace sy::test {

inline IpAddr ip(std::string_view text) {
    return IpAddr::parse(text).value();
}

/// "10.244.1.11:8080" or "[fd00::1]:8080"; `local` runs on this node.
inline PlannedEndpoint endpoint(std::string_view text, bool local = false) {
    const auto colon = text.rfind(':');
    auto address = text.substr(0, colon);
    if (address.starts_with('[')) {
        address = address.substr(1, address.size() - 2);
    }
    const auto port = std::stoi(std::string(text.substr(colon + 1)));
    return {{ip(address), Port(static_cast<uint16_t>(port))}, local};
}

/// A plan of one TCP port that is reached on a ClusterIP under Cluster policies.
inline ServicePlan cluster_ip_plan(std::string name, std::string_view vip, uint16_t port,
                                   std::vector<PlannedEndpoint> endpoints) {
    PortPlan plan;
    plan.family = ip(vip).family();
    plan.frontends = {
        {FrontendKind::cluster_ip, ip(vip), Port(port), {}, {}, Masquerade::not_pods, false}};
    plan.cluster = std::move(endpoints);
    return {{"default", std::move(name)}, {std::move(plan)}, {}, {}};
}

inline Frontend external(FrontendKind kind, const IpAddr& address, uint16_t port, bool local) {
    Frontend frontend{kind, address, Port(port), {}, {}, Masquerade::always, false};
    if (local) {
        frontend.outside = {ListId::local, OnEmpty::drop};
        frontend.masquerade = Masquerade::node_only;
    }
    return frontend;
}

inline PlanDelta delta(std::initializer_list<ServicePlan> plans,
                       std::initializer_list<ServiceName> removed = {}) {
    PlanDelta result;
    for (const auto& plan : plans) {
        result.changed.push_back(std::make_shared<const ServicePlan>(plan));
    }
    result.removed = removed;
    result.known_services = plans.size();
    return result;
}

}  // namespace sy::test
