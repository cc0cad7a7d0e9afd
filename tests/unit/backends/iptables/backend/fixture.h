// The iptables backend on a kernel that is made up.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/iptables/backend/backend.h"
#include "tests/support/fake_iptables_kernel.h"
#include "tests/support/plans.h"

namespace sy::iptables {

struct CollectingLog : Log {
    void write(LogLevel, std::string_view message) override { text += std::string(message) + "\n"; }
    std::string text;
};

inline const PlannedEndpoint kA = test::endpoint("10.244.1.11:8080", true);
inline const PlannedEndpoint kB = test::endpoint("10.244.2.21:8080");
inline const PlannedEndpoint kC = test::endpoint("10.244.2.22:8080");

class IptablesBackendTest : public testing::Test {
  protected:
    /// Everything in the kernel but what forgets by itself.
    struct State {
        std::map<std::pair<Family, Table>, std::map<std::string, std::vector<std::string>>> chains;
        std::map<std::pair<Family, Table>, std::map<std::string, std::vector<std::string>>> hooks;
        std::map<SetRef, SetDef> sets;
        std::set<Member> members;

        friend bool operator==(const State&, const State&) = default;
    };

    IptablesBackendTest();

    void restart();
    ApplyReport apply(const PlanDelta& plans, bool complete = true) {
        return backend_->apply(plans, facts_, complete);
    }
    /// Whether the set of that name has a member that prints so.
    bool has(const std::string& set, const std::string& member) const;
    State state() const;

    /// ClusterIP 10.96.x.y, port 80.
    static ServicePlan numbered(int number, std::vector<PlannedEndpoint> endpoints);
    /// With session affinity, on kA and kB.
    static ServicePlan sticky(int number);
    /// ClusterIP, NodePort and load balancer with source ranges; external policy Local if told.
    static ServicePlan web(bool local);
    static PlanDelta many(int count);
    /// Something of everything, in both families.
    static PlanDelta variety();
    static ServicePlan random_plan(int number, std::mt19937& random);

    FakeHost host_;
    CollectingLog log_;
    IptablesSettings settings_;
    NodeFacts facts_{{test::ip("192.168.50.1"), test::ip("fd00:50::1")},
                     {*Cidr::parse("10.96.0.0/16")},
                     CidrDetector{{*Cidr::parse("10.244.0.0/16")}},
                     false};
    std::unique_ptr<IptablesBackend> backend_;
    KernelReport adopted_;
};

}  // namespace sy::iptables
