#include "agent/flow_reconciler.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/clock.h"

namespace sy {
namespace {

using namespace std::chrono_literals;

class SilentLog final : public Log {
    void write(LogLevel, std::string_view) override {}
};

/// A UDP Service with one frontend.
PlanDelta service(uint8_t number) {
    auto plan = std::make_shared<ServicePlan>();
    plan->name = {"default", "dns-" + std::to_string(number)};
    PortPlan port;
    port.protocol = Protocol::udp;
    Frontend frontend;
    frontend.address = *IpAddr::parse("10.96.0." + std::to_string(number));
    frontend.port = Port{53};
    port.frontends.push_back(frontend);
    plan->ports.push_back(std::move(port));
    PlanDelta delta;
    delta.changed.push_back(std::move(plan));
    return delta;
}

class FlowReconcilerTest : public testing::Test {
  protected:
    struct Seen {
        TimePoint begun;
        std::size_t suspects;
    };

    void commit(uint8_t number) { reconciler_.committed(service(number), {}, {}); }
    /// Until this many passes are over.
    void run_until(std::size_t passes) {
        const TimePoint limit = Clock::now() + 30s;
        while (ends_.size() < passes && Clock::now() < limit) {
            io_.run_for(1ms);
            io_.restart();
        }
        ASSERT_EQ(ends_.size(), passes);
    }

    boost::asio::io_context io_;
    SilentLog log_;
    /// Written by the reconciler's thread, read when the pass is over.
    std::vector<Seen> seen_;
    std::vector<FlowPassEnd> ends_;
    std::vector<TimePoint> ended_;
    Result<FlowReport> outcome_ = FlowReport{};
    FlowReconciler reconciler_{io_, log_,
                               [this](const UdpSuspects& suspects) {
                                   seen_.push_back({Clock::now(), suspects.rules.size()});
                                   std::this_thread::sleep_for(5ms);
                                   return outcome_;
                               },
                               [this](const FlowPassEnd& end) {
                                   ends_.push_back(end);
                                   ended_.push_back(Clock::now());
                               }};
};

TEST_F(FlowReconcilerTest, NothingIsJudgedBeforeTheFirstPassIsInTheKernel) {
    commit(1);
    io_.run_for(20ms);
    EXPECT_TRUE(ends_.empty());
    io_.restart();
    reconciler_.open({});
    run_until(1);
    EXPECT_EQ(seen_.front().suspects, 1U);
}

TEST_F(FlowReconcilerTest, RestsNineTimesAsLongAsAPassTook) {
    reconciler_.open({});
    commit(1);
    run_until(1);
    commit(2);
    commit(3);
    run_until(2);
    EXPECT_EQ(seen_.back().suspects, 2U) << "they coalesce";
    EXPECT_GE(seen_.back().begun - ended_.front(), 9 * ends_.front().took);
}

TEST_F(FlowReconcilerTest, AFailedPassIsRepeatedWithTheSameSuspects) {
    reconciler_.open({});
    outcome_ = fail("list UDP flows", "conntrack", ENOBUFS);
    commit(1);
    run_until(1);
    EXPECT_FALSE(ends_.front().ok);
    outcome_ = FlowReport{};
    run_until(2);
    EXPECT_TRUE(ends_.back().ok);
    EXPECT_EQ(seen_.back().suspects, 1U);
}

}  // namespace
}  // namespace sy
