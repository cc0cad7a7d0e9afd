#include "serve/traffic_metrics.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

struct Script {
    Result<std::vector<PortTraffic>> answer;
    int reads = 0;
};

class ScriptedReader : public TrafficReader {
  public:
    explicit ScriptedReader(Script& script) : script_(script) {}
    Result<std::vector<PortTraffic>> read() override {
        ++script_.reads;
        return script_.answer;
    }

  private:
    Script& script_;
};

class TrafficMetricsTest : public testing::Test {
  protected:
    std::string text() const { return prometheus::TextSerializer().Serialize(metrics.Collect()); }

    Script script;
    TimePoint now{};
    TrafficMetrics metrics{std::make_unique<ScriptedReader>(script), 10, [this] { return now; }};
};

TEST_F(TrafficMetricsTest, OnePairOfSeriesPerPort) {
    script.answer = {{.port = "shop/web:http", .connections = 7, .refusals = 2},
                     {.port = "kube-system/dns:dns",
                      .family = Family::ipv6,
                      .protocol = Protocol::udp,
                      .connections = 3}};
    EXPECT_THAT(text(), HasSubstr("\nswitchyard_service_connections_total{ip_family=\"IPv4\","
                                  "protocol=\"TCP\",service=\"shop/web:http\"} 7\n"));
    EXPECT_THAT(text(), HasSubstr("\nswitchyard_service_refused_total{ip_family=\"IPv4\","
                                  "protocol=\"TCP\",service=\"shop/web:http\"} 2\n"));
    EXPECT_THAT(text(), HasSubstr("{ip_family=\"IPv6\",protocol=\"UDP\","
                                  "service=\"kube-system/dns:dns\"} 3\n"));
    EXPECT_THAT(text(), HasSubstr("# TYPE switchyard_service_refused_total counter\n"));
}

TEST_F(TrafficMetricsTest, AsksOnceASecondAtMost) {
    (void)text();
    now += 999ms;
    (void)text();
    EXPECT_EQ(script.reads, 1);
    now += 1ms;
    (void)text();
    EXPECT_EQ(script.reads, 2);
}

TEST_F(TrafficMetricsTest, WhatCannotBeReadIsLeftOut) {
    script.answer = {{.port = "a/b", .connections = 1}};
    EXPECT_THAT(text(), HasSubstr("service=\"a/b\""));
    script.answer = fail("gone");
    now += 1s;
    EXPECT_THAT(text(), Not(HasSubstr("service=\"a/b\"")));
}

}  // namespace
}  // namespace sy
