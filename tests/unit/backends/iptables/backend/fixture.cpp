#include "tests/unit/backends/iptables/backend/fixture.h"

#include <algorithm>

namespace sy::iptables {

using test::cluster_ip_plan;
using test::endpoint;
using test::external;
using test::ip;

IptablesBackendTest::IptablesBackendTest() {
    restart();
}

void IptablesBackendTest::restart() {
    backend_ =
        std::make_unique<IptablesBackend>(std::make_unique<FakeKernel>(host_), settings_, log_);
    adopted_ = backend_->adopt().value();
    host_.committed.clear();
}

bool IptablesBackendTest::has(const std::string& set, const std::string& member) const {
    return std::ranges::any_of(host_.members, [&](const Member& each) {
        return set_name(each.set) == set && member_text(each) == member;
    });
}

IptablesBackendTest::State IptablesBackendTest::state() const {
    State state;
    for (const auto& [place, rules] : host_.tables) {
        if (!rules.chains.empty()) {
            state.chains[place] = rules.chains;
            state.hooks[place] = rules.built_in;
        }
    }
    state.sets = host_.sets;
    state.members = host_.members;
    return state;
}

ServicePlan IptablesBackendTest::numbered(int number, std::vector<PlannedEndpoint> endpoints) {
    return cluster_ip_plan(
        "svc-" + std::to_string(number),
        "10.96." + std::to_string(number / 250) + "." + std::to_string(number % 250 + 1), 80,
        std::move(endpoints));
}

ServicePlan IptablesBackendTest::sticky(int number) {
    auto plan = numbered(number, {kA, kB});
    plan.ports[0].affinity_timeout = 10800;
    return plan;
}

ServicePlan IptablesBackendTest::web(bool local) {
    auto plan = cluster_ip_plan("web", "10.96.0.1", 80, {kA, kB});
    auto& port = plan.ports[0];
    port.frontends.push_back(
        external(FrontendKind::load_balancer_ip, ip("198.51.100.1"), 80, local));
    port.frontends.back().check_ranges = local;
    port.frontends.push_back(external(FrontendKind::node_port, ip("0.0.0.0"), 30001, local));
    if (local) {
        port.local = {kA};
        port.source_ranges = {*Cidr::parse("203.0.113.0/29"), *Cidr::parse("0.0.0.0/0")};
    }
    return plan;
}

PlanDelta IptablesBackendTest::many(int count) {
    PlanDelta result;
    for (int i = 0; i < count; ++i) {
        result.changed.push_back(std::make_shared<const ServicePlan>(numbered(i, {kA, kB})));
    }
    return result;
}

PlanDelta IptablesBackendTest::variety() {
    auto result = many(100);
    // web has the address of svc-0.
    result.changed.erase(result.changed.begin());
    const auto add = [&](ServicePlan plan) {
        result.changed.push_back(std::make_shared<const ServicePlan>(std::move(plan)));
    };
    add(web(true));
    add(sticky(300));
    add(numbered(301, {}));
    add(numbered(302, {kA, kB, kC, endpoint("10.244.3.1:1"), endpoint("10.244.3.2:1")}));
    add(cluster_ip_plan("six", "fd00:96::1", 80, {endpoint("[fd00:1::1]:8080", true)}));
    for (int i = 0; i < 60; ++i) {
        auto plan = numbered(400 + i, {kB});
        plan.ports[0].frontends.push_back(external(FrontendKind::node_port, ip("0.0.0.0"),
                                                   static_cast<uint16_t>(31000 + i), false));
        add(std::move(plan));
    }
    return result;
}

ServicePlan IptablesBackendTest::random_plan(int number, std::mt19937& random) {
    auto plan = numbered(number, {});
    auto& port = plan.ports[0];
    const auto some = [&](std::vector<PlannedEndpoint>& list) {
        for (int i = 1; i <= 7; ++i) {
            if (random() % 3 == 0) {
                list.push_back(endpoint("10.244.1." + std::to_string(i) + ":80", i < 4));
            }
        }
    };
    some(port.cluster);
    const bool local = random() % 3 == 0;
    if (local) {
        some(port.local);
    }
    const auto byte = std::to_string(number + 1);
    if (random() % 2 == 0) {
        port.frontends.push_back(
            external(FrontendKind::load_balancer_ip, ip("198.51.100." + byte), 80, local));
        if (random() % 2 == 0) {
            port.frontends.back().check_ranges = true;
            port.source_ranges = {*Cidr::parse("203.0." + std::to_string(random() % 4) + ".0/24")};
        }
    }
    if (random() % 2 == 0) {
        port.frontends.push_back(external(FrontendKind::node_port, ip("0.0.0.0"),
                                          static_cast<uint16_t>(30000 + number), local));
    }
    if (random() % 4 == 0) {
        port.affinity_timeout = 10 + random() % 2;
    }
    return plan;
}

}  // namespace sy::iptables
