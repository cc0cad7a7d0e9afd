// An eBPF backend on the fake kernel, beside a packet path that only remembers.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/ebpf/backend/backend.h"
#include "tests/support/fake_ebpf_kernel.h"
#include "tests/support/plans.h"

namespace sy::ebpf {

struct QuietLog : Log {
    void write(LogLevel, std::string_view) override {}
};

/// What the packet path has, across restarts.
struct FakePacketPath {
    std::set<ServiceName> programmed;
    /// Services it cannot program at the moment.
    std::set<ServiceName> poison;
    std::optional<Error> fail_next;
    bool torn_down = false;
    /// Called when it is done with a batch, before the maps change.
    std::function<void()> on_apply;
};

class FakeCompanion : public Backend {
  public:
    explicit FakeCompanion(FakePacketPath& state) : state_(state) {}

    Result<void> probe() override { return {}; }
    Result<KernelReport> adopt() override { return KernelReport{}; }
    ApplyReport apply(const PlanDelta& delta, const NodeFacts&, bool) override {
        ApplyReport report;
        if (state_.fail_next) {
            report.failure = std::exchange(state_.fail_next, std::nullopt);
            return report;
        }
        const auto poisoned = [&](const ServiceName& name) {
            if (!state_.poison.contains(name)) {
                return false;
            }
            report.quarantined.push_back({name, {"poisoned", {}, 0}});
            return true;
        };
        for (const auto& name : delta.removed) {
            if (!poisoned(name)) {
                state_.programmed.erase(name);
            }
        }
        for (const auto& plan : delta.changed) {
            if (!poisoned(plan->name)) {
                state_.programmed.insert(plan->name);
            }
        }
        if (state_.on_apply) {
            state_.on_apply();
        }
        return report;
    }
    Result<KernelReport> audit() override { return KernelReport{}; }
    Result<std::unique_ptr<DriftWatch>> watch() override { return fail("no watch here"); }
    Result<void> teardown() override {
        state_.torn_down = true;
        return {};
    }
    std::vector<EndpointAddr> orphaned_udp_frontends() const override {
        return {test::endpoint("10.96.0.99:53").address};
    }
    std::vector<MapFill> fill() const override {
        return {{.map = "frontends",
                 .family = Family::ipv4,
                 .elements = state_.programmed.size(),
                 .capacity = 0}};
    }

  private:
    FakePacketPath& state_;
};

class EbpfBackendTest : public testing::Test {
  protected:
    EbpfBackendTest() { restart(); }

    KernelReport restart() {
        backend_ = std::make_unique<EbpfBackend>(
            Parts{.companion = std::make_unique<FakeCompanion>(packets_),
                  .kernel = std::make_unique<FakeKernel>(bpf_),
                  .make_pruner = [] { return nullptr; },
                  .make_reader = [] { return nullptr; }},
            settings_, log_);
        const auto adopted = backend_->adopt();
        EXPECT_TRUE(adopted);
        return adopted.value_or(KernelReport{});
    }
    ApplyReport apply(const PlanDelta& plans, bool complete = true) {
        return backend_->apply(plans, facts_, complete);
    }
    /// As apply; everything has to go well.
    ApplyReport must_apply(const PlanDelta& plans, bool complete = true) {
        auto report = apply(plans, complete);
        EXPECT_FALSE(report.failure) << report.failure->message();
        for (const auto& one : report.quarantined) {
            ADD_FAILURE() << one.service.to_string() << ": " << one.error.message();
        }
        return report;
    }
    /// Everything a connection from the node to `vip` ("10.96.0.1:80") may reach.
    std::set<EndpointAddr> reached(std::string_view vip, bool host = true,
                                   Protocol protocol = Protocol::tcp) {
        const auto address = test::endpoint(vip).address;
        return answers(bpf_, {address.ip, address.port, protocol, host, 0});
    }
    Answer::Kind outcome(std::string_view vip, bool host = true) {
        const auto address = test::endpoint(vip).address;
        return pick(bpf_, {address.ip, address.port, Protocol::tcp, host, 0}).kind;
    }

    FakeBpf bpf_;
    FakePacketPath packets_;
    EbpfSettings settings_;
    QuietLog log_;
    NodeFacts facts_{
        {test::ip("192.168.50.1")}, {}, CidrDetector{{*Cidr::parse("10.244.0.0/16")}}, false};
    std::unique_ptr<EbpfBackend> backend_;
};

}  // namespace sy::ebpf
