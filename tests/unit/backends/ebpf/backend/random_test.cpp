// Random batches, restarts, failures and growth, against what the plans say.
#include <gmock/gmock.h>

#include <cerrno>

#include "backends/ebpf/writes.h"
#include "tests/unit/backends/ebpf/backend/fixture.h"
#include "tests/unit/backends/ebpf/random_cluster.h"
#include "tests/unit/backends/ebpf/slow_reader.h"

namespace sy::ebpf {
namespace {

class EbpfRandomTest : public EbpfBackendTest, public testing::WithParamInterface<unsigned> {
  protected:
    EbpfRandomTest() {
        settings_.max_services = 48;
        settings_.max_endpoints = 512;
        settings_.affinity_clients = 64;
        facts_.nodeport_addresses = {test::ip("192.168.50.1"), test::ip("fd00:168::1")};
        restart();
        bpf_.on_grace = [this] {
            ++graces_;
            reader_.grace(reach_);
            reader_.allow(cluster_.reach());  // on its way
        };
        bpf_.on_change = [this] { look(); };
    }

    void look() {
        if (bpf_.active) {
            reader_.look(*bpf_.active);
        }
    }

    /// A batch that fails is offered again.
    void apply_until_done(PlanDelta delta, bool complete) {
        reader_.allow(cluster_.reach());
        for (int attempt = 0;; ++attempt) {
            if (attempt == 0 && cluster_.chance(20)) {
                const std::string victim = cluster_.chance(50) ? "put" : "erase";
                bpf_.fail = [victim](std::string_view call) {
                    return call == victim ? std::optional(Error{"refused", {}, ENOMEM})
                                          : std::nullopt;
                };
            }
            const auto report = apply(delta, complete);
            bpf_.fail = nullptr;
            look();
            if (!report.failure) {
                EXPECT_TRUE(report.quarantined.empty())
                    << report.quarantined.front().error.message();
                break;
            }
            ASSERT_EQ(attempt, 0) << report.failure->message();
        }
    }

    void expect_plans() {
        ASSERT_TRUE(bpf_.active);
        for (const auto& [frontend, lists] : reach_.lists) {
            const bool ipv4 = frontend.address.ip.family() == Family::ipv4;
            auto vip = frontend.address;
            if (frontend.node_port) {
                vip.ip = facts_.nodeport_addresses[ipv4 ? 0 : 1];
            }
            EXPECT_EQ(answers(bpf_, {vip.ip, vip.port, frontend.protocol, true, 0}),
                      reach_.of(frontend))
                << vip.ip.to_string();
        }
        EXPECT_EQ(reach_.lists.size(),
                  bpf_.active->frontends4->words.size() + bpf_.active->frontends6->words.size());
    }

    /// As many of everything as maps that were made for these plans alone have.
    void expect_no_leak() {
        FakeBpf fresh;
        FakePacketPath packets;
        EbpfBackend other(Parts{.companion = std::make_unique<FakeCompanion>(packets),
                                .kernel = std::make_unique<FakeKernel>(fresh),
                                .make_pruner = [] { return nullptr; },
                                .make_reader = [] { return nullptr; }},
                          settings_, log_);
        ASSERT_TRUE(other.adopt());
        EXPECT_FALSE(other.apply(cluster_.all(), facts_, true).failure);
        const auto have = backend_->fill();
        const auto want = other.fill();
        for (const auto i : {1, 2, 3, 5, 6}) {  // runs may be roomier than their lists
            EXPECT_EQ(have[static_cast<std::size_t>(i)].elements,
                      want[static_cast<std::size_t>(i)].elements)
                << i;
        }
        std::multiset<std::string> names;
        for (const auto& [maps, sign] : {std::pair(bpf_.active, 1), std::pair(fresh.active, -1)}) {
            for (const auto& record : *maps->names) {
                const auto name = std::string(name_text(record));
                if (sign > 0) {
                    names.insert(name);
                } else if (const auto found = names.find(name); found != names.end()) {
                    names.erase(found);
                } else {
                    ADD_FAILURE() << name << " is missing";
                }
            }
        }
        names.erase("");
        EXPECT_TRUE(names.empty());
    }

    void restart_and_claim() {
        restart();
        auto all = cluster_.all();
        // Something may have changed meanwhile.
        const auto changed = cluster_.chance(50) ? cluster_.step() : PlanDelta{};
        if (!changed.empty()) {
            all = cluster_.all();
        }
        PlanDelta half = all;
        const auto middle = static_cast<std::ptrdiff_t>(all.changed.size() / 2);
        half.changed.erase(half.changed.begin() + middle, half.changed.end());
        all.changed.erase(all.changed.begin(), all.changed.begin() + middle);
        apply_until_done(half, false);
        apply_until_done(all, true);
    }

    RandomCluster cluster_{GetParam()};
    Reach reach_;
    SlowReader reader_;
    int graces_ = 0;
};

TEST_P(EbpfRandomTest, SocketsAlwaysFindWhatThePlansSay) {
    for (int step = 0; step < 60 && !HasFailure(); ++step) {
        if (step > 0 && cluster_.chance(10)) {
            restart_and_claim();
        } else {
            apply_until_done(cluster_.step(), true);
        }
        reach_ = cluster_.reach();
        expect_plans();
        if (cluster_.chance(10)) {
            expect_no_leak();
            EXPECT_EQ(backend_->audit().value().drifted, 0U);
        }
    }
    EXPECT_GT(graces_, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, EbpfRandomTest, testing::Range(1U, 7U));

TEST_F(EbpfBackendTest, ManyServicesGrowAndShrinkWithRestarts) {
    std::mt19937 random(7);
    std::map<unsigned, unsigned> endpoints;  // how many, by Service
    const auto plan = [&](unsigned i) {
        std::vector<PlannedEndpoint> list;
        for (unsigned n = 0; n < endpoints[i]; ++n) {
            list.push_back(
                {{IpAddr::v4(10, 1, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)),
                  Port(static_cast<uint16_t>(1 + n))},
                 false});
        }
        auto made = test::cluster_ip_plan("svc-" + std::to_string(i), "10.96.0.1", 80, list);
        made.ports[0].frontends[0].address =
            IpAddr::v4(10, 97, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i));
        return std::make_shared<const ServicePlan>(made);
    };
    for (unsigned round = 0; round < 12; ++round) {
        std::set<unsigned> touched;
        for (unsigned n = 0; n < 400; ++n) {
            const auto i = static_cast<unsigned>(random()) % (500 * (round + 1));
            endpoints[i] = static_cast<unsigned>(random()) % 6;
            touched.insert(i);
        }
        PlanDelta delta;
        for (const auto i : touched) {
            delta.changed.push_back(plan(i));
        }
        must_apply(delta);
        if (round % 4 == 3) {
            restart();
            PlanDelta all;
            for (const auto& [i, count] : endpoints) {
                all.changed.push_back(plan(i));
            }
            EXPECT_EQ(must_apply(all).writes, 0U);
        }
        for (const auto& [i, count] : endpoints) {
            const auto vip = plan(i)->ports[0].frontends[0].address;
            ASSERT_EQ(answers(bpf_, {vip, Port(80), Protocol::tcp, true, 0}).size(), count);
        }
    }
    EXPECT_GT(bpf_.calls.create, 1);
    EXPECT_EQ(backend_->audit().value().drifted, 0U);
}

}  // namespace
}  // namespace sy::ebpf
