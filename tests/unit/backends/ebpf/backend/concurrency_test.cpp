// A program that runs all the time while numbers are reused as fast as they may be.
#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <random>
#include <shared_mutex>
#include <thread>

#include "tests/unit/backends/ebpf/backend/fixture.h"

namespace sy::ebpf {
namespace {

constexpr unsigned kServices = 4;

/// Endpoints of a Service are in a network of its own.
IpAddr endpoint_of(Family family, unsigned service, unsigned n) {
    const auto net = std::to_string(service + 1);
    const auto host = std::to_string(n + 1);
    return family == Family::ipv4 ? test::ip("10." + net + ".0." + host)
                                  : test::ip("fd00:" + net + "::" + host);
}

std::string vip_of(Family family, unsigned service) {
    const auto host = std::to_string(service + 1);
    return family == Family::ipv4 ? "10.96.0." + host : "fd00:96::" + host;
}

ServicePlan random_plan(unsigned service, std::mt19937& random) {
    ServicePlan plan{{"default", "svc-" + std::to_string(service)}, {}, {}, {}};
    for (const auto family : kFamilies) {
        std::vector<PlannedEndpoint> endpoints;
        for (unsigned n = 0; n < 6; ++n) {
            if (random() % 2 == 0) {
                endpoints.push_back({{endpoint_of(family, service, n), Port(80)}, false});
            }
        }
        plan.ports.push_back(
            test::cluster_ip_plan("", vip_of(family, service), 80, endpoints).ports[0]);
    }
    return plan;
}

TEST_F(EbpfBackendTest, AProgramNeverReachesAnotherService) {
    settings_.max_services = 12;
    settings_.max_endpoints = 128;
    restart();
    must_apply({});
    const auto maps = bpf_.active;

    std::shared_mutex running;
    bpf_.on_grace = [&] { const std::unique_lock waited(running); };
    std::atomic<bool> over = false;
    std::atomic<unsigned> hits = 0;
    std::atomic<unsigned> astray = 0;
    std::thread program([&] {
        std::mt19937 random(1);
        while (!over) {
            const auto service = static_cast<unsigned>(random()) % kServices;
            const auto family = kFamilies[random() % 2];
            Attempt attempt{test::ip(vip_of(family, service)), Port(80), Protocol::tcp, true,
                            static_cast<uint32_t>(random())};
            const std::shared_lock inside(running);
            const auto answer = pick(*maps, attempt);
            if (answer.kind != Answer::Kind::translated) {
                continue;
            }
            ++hits;
            bool ours = false;
            for (unsigned n = 0; n < 6; ++n) {
                ours |= answer.endpoint.ip == endpoint_of(family, service, n);
            }
            astray += ours ? 0U : 1U;
        }
    });

    std::mt19937 random(2);
    unsigned batches = 0;
    while (batches < 1500 || (hits < 100 && batches < 1'000'000)) {
        const auto service = static_cast<unsigned>(random()) % kServices;
        PlanDelta delta = test::delta({random_plan(service, random)});
        if (random() % 4 == 0) {
            delta.removed = {delta.changed[0]->name};
            delta.changed.clear();
        }
        must_apply(delta);
        ++batches;
    }
    over = true;
    program.join();
    EXPECT_EQ(astray, 0U);
    EXPECT_GT(hits, 0U);
    EXPECT_GT(bpf_.calls.grace, 10);
    EXPECT_EQ(bpf_.calls.create, 1);
}

}  // namespace
}  // namespace sy::ebpf
