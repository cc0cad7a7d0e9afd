// Services that come, change and go at random, small enough that numbers are always short.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/ebpf/entry.h"
#include "model/cluster_state.h"
#include "tests/support/plans.h"

namespace sy::ebpf {

/// Which list of which Service port each frontend leads to, and who is in these lists. A program
/// that has found a frontend goes on with its list, also if the frontend has gone meanwhile.
struct Reach {
    std::map<FrontendText, std::set<std::string>> lists;
    std::map<std::string, std::set<EndpointAddr>> endpoints;

    void add(const Reach& other) {
        for (const auto& [frontend, names] : other.lists) {
            lists[frontend].insert(names.begin(), names.end());
        }
        for (const auto& [list, addresses] : other.endpoints) {
            endpoints[list].insert(addresses.begin(), addresses.end());
        }
    }
    std::set<EndpointAddr> of(const FrontendText& frontend) const {
        std::set<EndpointAddr> all;
        if (const auto found = lists.find(frontend); found != lists.end()) {
            for (const auto& list : found->second) {
                const auto& some = endpoints.at(list);
                all.insert(some.begin(), some.end());
            }
        }
        return all;
    }
};

class RandomCluster {
  public:
    explicit RandomCluster(unsigned seed) : random_(seed) {}

    unsigned below(unsigned n) { return static_cast<unsigned>(random_()) % n; }
    bool chance(unsigned percent) { return below(100) < percent; }

    const std::map<ServiceName, ServicePlan>& plans() const { return plans_; }

    /// Changes up to three Services.
    PlanDelta step() {
        PlanDelta delta;
        std::set<ServiceName> touched;
        for (auto n = 1 + below(3); n > 0; --n) {
            const auto i = below(kServices);
            const ServiceName name{"default", "svc-" + std::to_string(i)};
            if (!touched.insert(name).second) {
                continue;
            }
            if (plans_.contains(name) && chance(15)) {
                plans_.erase(name);
                delta.removed.push_back(name);
            } else {
                plans_[name] = make_plan(name, i);
            }
        }
        give_contested_away(touched);
        for (const auto& name : touched) {
            if (const auto found = plans_.find(name); found != plans_.end()) {
                delta.changed.push_back(std::make_shared<const ServicePlan>(found->second));
            }
        }
        delta.known_services = plans_.size();
        return delta;
    }

    /// All plans, as at a restart.
    PlanDelta all() const {
        PlanDelta delta;
        for (const auto& [name, plan] : plans_) {
            delta.changed.push_back(std::make_shared<const ServicePlan>(plan));
        }
        delta.known_services = plans_.size();
        return delta;
    }

    Reach reach() const {
        Reach all;
        for (const auto& [name, plan] : plans_) {
            for (const auto& port : plan.ports) {
                add_reach(name.to_string() + ":" + port.name, port, all);
            }
        }
        return all;
    }

  private:
    static constexpr unsigned kServices = 8;
    static constexpr unsigned kEndpoints = 20;

    static void add_reach(const std::string& name, const PortPlan& port, Reach& reach) {
        const auto list_name = [&](ListId list) {
            return name + (port.family == Family::ipv4 ? " 4" : " 6") +
                   (list == ListId::cluster ? " cluster" : " local");
        };
        for (const auto list : {ListId::cluster, ListId::local}) {
            auto& endpoints = reach.endpoints[list_name(list)];
            for (const auto& endpoint : port.list(list)) {
                endpoints.insert(endpoint.address);
            }
        }
        for (const auto& frontend : port.frontends) {
            if (!frontend.check_ranges && port.protocol != Protocol::sctp) {
                reach.lists[text_of(port, frontend)].insert(list_name(frontend.inside.list));
            }
        }
    }

    static FrontendText text_of(const PortPlan& port, const Frontend& frontend) {
        return {{frontend.address, frontend.port},
                port.protocol,
                frontend.kind == FrontendKind::node_port};
    }

    IpAddr address(Family family, unsigned net, unsigned host) {
        const auto n = std::to_string(net);
        return family == Family::ipv4 ? test::ip("10." + n + ".0." + std::to_string(host + 1))
                                      : test::ip("fd00:" + n + "::" + std::to_string(host + 1));
    }

    std::vector<PlannedEndpoint> some_endpoints(Family family) {
        std::vector<PlannedEndpoint> all;
        const auto share = below(4) == 0 ? 0 : 5 + below(40);
        for (unsigned i = 0; i < kEndpoints; ++i) {
            if (chance(share)) {
                all.push_back({{address(family, 244, i), Port(8080)}, i % 3 == 0});
            }
        }
        return all;
    }

    /// Mostly near to what there was: one endpoint more or less, or another.
    std::vector<PlannedEndpoint> next_endpoints(const PortPlan* before, Family family) {
        if (before == nullptr || chance(25)) {
            return some_endpoints(family);
        }
        auto all = before->cluster;
        const auto what = below(3);
        if (what != 0 && !all.empty()) {
            all.erase(all.begin() + below(static_cast<unsigned>(all.size())));
        }
        if (what != 1) {
            all.push_back({{address(family, 244, below(kEndpoints)), Port(8080)}, false});
        }
        std::ranges::sort(all, {}, &PlannedEndpoint::address);
        const auto rest = std::ranges::unique(all, {}, &PlannedEndpoint::address);
        all.erase(rest.begin(), rest.end());
        return all;
    }

    ServicePlan make_plan(const ServiceName& name, unsigned i) {
        const auto old = plans_.find(name);
        ServicePlan plan{name, {}, {}, {}};
        for (const auto family : kFamilies) {
            if (!chance(family == Family::ipv4 ? 90 : 40)) {
                continue;
            }
            const PortPlan* before = nullptr;
            if (old != plans_.end()) {
                const auto found = std::ranges::find(old->second.ports, family, &PortPlan::family);
                before = found == old->second.ports.end() ? nullptr : &*found;
            }
            plan.ports.push_back(make_port(family, i, before));
        }
        return plan;
    }

    PortPlan make_port(Family family, unsigned i, const PortPlan* before) {
        PortPlan port;
        port.family = family;
        port.name = chance(90) ? "http" : "web";
        port.cluster = next_endpoints(before, family);
        std::ranges::copy_if(port.cluster, std::back_inserter(port.local),
                             &PlannedEndpoint::is_local);
        if (chance(20)) {
            port.affinity_timeout = 1 + below(100);
        }
        Route internal;
        if (chance(25)) {
            internal = {ListId::local, OnEmpty::drop};
        }
        port.frontends.push_back({FrontendKind::cluster_ip, address(family, 96, i), Port(80),
                                  internal, internal, Masquerade::not_pods, false});
        const bool local = chance(30);
        if (chance(30)) {
            port.frontends.push_back(
                test::external(FrontendKind::load_balancer_ip, address(family, 198, i), 80, local));
            port.frontends.back().check_ranges = chance(30);
        }
        if (chance(30)) {
            port.frontends.push_back(test::external(FrontendKind::node_port, unspecified(family),
                                                    static_cast<uint16_t>(30000 + i), local));
        }
        return port;
    }

    /// One external IP that every Service wants and one has: it changes hands within a batch.
    void give_contested_away(std::set<ServiceName>& touched) {
        const auto contested = address(Family::ipv4, 203, 0);
        const auto is_contested = [&](const Frontend& frontend) {
            return frontend.address == contested;
        };
        std::vector<ServiceName> heirs;
        for (const auto& name : touched) {
            const auto found = plans_.find(name);
            if (found != plans_.end() && !found->second.ports.empty() &&
                found->second.ports[0].family == Family::ipv4) {
                heirs.push_back(name);
            }
        }
        if (heirs.empty()) {
            return;
        }
        for (auto& [name, plan] : plans_) {
            for (auto& port : plan.ports) {
                if (std::erase_if(port.frontends, is_contested) > 0) {
                    touched.insert(name);
                }
            }
        }
        plans_.at(heirs[below(static_cast<unsigned>(heirs.size()))])
            .ports[0]
            .frontends.push_back(
                test::external(FrontendKind::external_ip, contested, 80, chance(50)));
    }

    std::mt19937 random_;
    std::map<ServiceName, ServicePlan> plans_;
};

}  // namespace sy::ebpf
