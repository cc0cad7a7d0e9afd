#include "backends/ipvs/backend/retirement.h"

#include <gmock/gmock.h>

#include "backends/ipvs/backend/backend.h"
#include "tests/support/fake_ipvs_kernel.h"
#include "tests/support/fake_nft_kernel.h"
#include "tests/support/plans.h"

namespace sy::ipvs {
namespace {

using namespace std::chrono_literals;
using test::cluster_ip_plan;
using test::delta;
using test::endpoint;
using test::ip;
using testing::IsEmpty;
using testing::SizeIs;

struct QuietLog : Log {
    void write(LogLevel, std::string_view) override {}
};

class RetirementTest : public testing::Test {
  protected:
    RetirementTest() {
        servers_.interface_addresses = {ip("10.244.1.1"), ip("192.168.50.1")};
        IpvsBackend backend(std::make_unique<FakeKernel>(servers_),
                            std::make_unique<nft::FakeKernel>(tables_), {}, log_);
        EXPECT_TRUE(backend.adopt());
        const NodeFacts facts{{ip("192.168.50.1")}, {*Cidr::parse("10.96.0.0/16")}, {}, false};
        EXPECT_FALSE(backend
                         .apply(delta({web("a", "10.96.0.1", {"10.244.1.11:80", "10.244.2.21:80"}),
                                       web("b", "10.96.0.2", {"10.244.1.11:80"})}),
                                facts, true)
                         .failure);
        EXPECT_THAT(servers_.servers, SizeIs(2));
        EXPECT_THAT(servers_.routes, SizeIs(testing::Gt(0)));
    }

    static ServicePlan web(std::string name, std::string_view vip,
                           const std::vector<std::string>& endpoints) {
        std::vector<PlannedEndpoint> planned;
        for (const auto& one : endpoints) {
            planned.push_back(endpoint(one));
        }
        return cluster_ip_plan(std::move(name), vip, 80, std::move(planned));
    }
    /// Connections to every destination.
    void connections(uint32_t count) {
        for (auto& [key, server] : servers_.servers) {
            for (auto& [address, destination] : server.destinations) {
                destination.connections = count;
            }
        }
    }
    std::optional<std::chrono::milliseconds> go_on() {
        const auto wait = retirement_.go_on();
        EXPECT_TRUE(wait);
        return wait ? *wait : std::nullopt;
    }
    bool nothing_left() const {
        return tables_.tables.empty() && servers_.servers.empty() && servers_.routes.empty() &&
               !servers_.prepared;
    }

    FakeState servers_;
    nft::FakeTables tables_;
    QuietLog log_;
    TimePoint now_{};
    Retirement retirement_{std::make_unique<FakeKernel>(servers_),
                           std::make_unique<nft::FakeKernel>(tables_), [this] { return now_; }};
};

TEST_F(RetirementTest, AllGoesAtOnceWithoutConnections) {
    EXPECT_FALSE(go_on());
    EXPECT_TRUE(nothing_left());
    EXPECT_FALSE(go_on());
}

TEST_F(RetirementTest, AKernelWithoutIpvsHasNothingLeft) {
    servers_ = {};
    servers_.no_ipvs = true;
    EXPECT_FALSE(go_on());
    EXPECT_TRUE(nothing_left());
}

TEST_F(RetirementTest, ConnectionsKeepTheirServersAndTheRoutes) {
    auto& first = servers_.servers.begin()->second;
    first.destinations.begin()->second.connections = 1;
    EXPECT_EQ(go_on(), kDrainPeriod);
    EXPECT_THAT(tables_.tables, IsEmpty());
    ASSERT_THAT(servers_.servers, SizeIs(1));
    EXPECT_THAT(servers_.servers.begin()->second.destinations, SizeIs(1));
    EXPECT_THAT(servers_.routes, SizeIs(testing::Gt(0)));
    EXPECT_TRUE(servers_.prepared);

    connections(0);
    EXPECT_FALSE(go_on());
    EXPECT_TRUE(nothing_left());
}

TEST_F(RetirementTest, ItIsBounded) {
    connections(1);
    EXPECT_EQ(go_on(), kDrainPeriod);
    now_ += kDrainBound - 1s;
    EXPECT_EQ(go_on(), kDrainPeriod);
    EXPECT_THAT(servers_.servers, SizeIs(2));
    now_ += 1s;
    EXPECT_FALSE(go_on());
    EXPECT_TRUE(nothing_left());
}

}  // namespace
}  // namespace sy::ipvs
