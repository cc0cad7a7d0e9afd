#include "serve/traffic_metrics.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

namespace sy {
namespace {

using testing::HasSubstr;
using testing::Not;

class TrafficMetricsTest : public testing::Test {
  protected:
    std::string text() const { return prometheus::TextSerializer().Serialize(metrics.Collect()); }

    void take(Result<std::vector<PortTraffic>> ports) {
        metrics.take({.ports = std::move(ports),
                      .programs = std::vector<ProgramCount>{{"translated", 9}, {"miss", 3}}});
    }

    TrafficMetrics metrics{10};
};

TEST_F(TrafficMetricsTest, OnePairOfSeriesPerPort) {
    take(std::vector<PortTraffic>{{.port = "shop/web:http", .connections = 7, .refusals = 2},
                                  {.port = "kube-system/dns:dns",
                                   .family = Family::ipv6,
                                   .protocol = Protocol::udp,
                                   .connections = 3}});
    EXPECT_THAT(text(), HasSubstr("\nswitchyard_service_connections_total{ip_family=\"IPv4\","
                                  "protocol=\"TCP\",service=\"shop/web:http\"} 7\n"));
    EXPECT_THAT(text(), HasSubstr("\nswitchyard_service_refused_total{ip_family=\"IPv4\","
                                  "protocol=\"TCP\",service=\"shop/web:http\"} 2\n"));
    EXPECT_THAT(text(), HasSubstr("{ip_family=\"IPv6\",protocol=\"UDP\","
                                  "service=\"kube-system/dns:dns\"} 3\n"));
    EXPECT_THAT(text(), HasSubstr("# TYPE switchyard_service_refused_total counter\n"));
}

TEST_F(TrafficMetricsTest, WhatCannotBeReadIsLeftOut) {
    take(std::vector<PortTraffic>{{.port = "a/b", .connections = 1}});
    EXPECT_THAT(text(), HasSubstr("service=\"a/b\""));
    take(fail("gone"));
    EXPECT_THAT(text(), Not(HasSubstr("service=\"a/b\"")));
}

TEST_F(TrafficMetricsTest, WhatTheProgramsCameTo) {
    take(std::vector<PortTraffic>{});
    EXPECT_THAT(text(), HasSubstr("\nswitchyard_program_results_total{result=\"miss\"} 3\n"));
    metrics.take({.ports = std::vector<PortTraffic>{}, .programs = fail("gone")});
    EXPECT_THAT(text(), Not(HasSubstr("result=")));
}

}  // namespace
}  // namespace sy
