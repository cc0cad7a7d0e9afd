#include "serve/pages.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

const WallTime kNoon = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + 12h;

HealthReport report() {
    HealthReport out;
    out.last_updated = kNoon;
    out.current_time = kNoon + 250ms;
    out.families = {HealthReport::OfFamily{Family::ipv4, kNoon - 1s, true},
                    HealthReport::OfFamily{Family::ipv6, kNoon - 2s, true}};
    return out;
}

TEST(GoTime, HasNoMoreDigitsThanNeeded) {
    EXPECT_EQ(go_time(kNoon), "2026-03-01T12:00:00Z");
    EXPECT_EQ(go_time(kNoon + 250ms), "2026-03-01T12:00:00.25Z");
    EXPECT_EQ(go_time(kNoon + 1ns), "2026-03-01T12:00:00.000000001Z");
    EXPECT_EQ(go_time(WallTime{}), "1970-01-01T00:00:00Z");
}

TEST(HealthPage, LivezWithoutTheNode) {
    const auto page = health_page(report());
    EXPECT_EQ(page.status, 200U);
    EXPECT_EQ(page.content_type, "application/json");
    EXPECT_THAT(page.headers, ElementsAre(Pair("X-Content-Type-Options", "nosniff")));
    EXPECT_EQ(page.body,
              R"({"lastUpdated":"2026-03-01T12:00:00Z","currentTime":"2026-03-01T12:00:00.25Z",)"
              R"("healthy":true,"status":{)"
              R"("IPv4":{"lastUpdated":"2026-03-01T11:59:59Z","healthy":true},)"
              R"("IPv6":{"lastUpdated":"2026-03-01T11:59:58Z","healthy":true}}})");
}

TEST(HealthPage, HealthzWithTheNode) {
    auto leaving = report();
    leaving.node_eligible = false;
    leaving.healthy = false;
    leaving.families[1].healthy = false;
    const auto page = health_page(leaving);
    EXPECT_EQ(page.status, 503U);
    EXPECT_EQ(page.body,
              R"({"lastUpdated":"2026-03-01T12:00:00Z","currentTime":"2026-03-01T12:00:00.25Z",)"
              R"("nodeEligible":false,"healthy":false,"status":{)"
              R"("IPv4":{"lastUpdated":"2026-03-01T11:59:59Z","healthy":true},)"
              R"("IPv6":{"lastUpdated":"2026-03-01T11:59:58Z","healthy":false}}})");
}

TEST(HealthCheckPage, IsKubeProxysToTheByte) {
    const auto page = health_check_page({"shop", "web"}, 3, true);
    EXPECT_EQ(page.status, 200U);
    EXPECT_EQ(page.content_type, "application/json");
    EXPECT_THAT(page.headers, ElementsAre(Pair("X-Content-Type-Options", "nosniff"),
                                          Pair("X-Load-Balancing-Endpoint-Weight", "3")));
    EXPECT_EQ(page.body,
              "{\n\t\"service\": {\n\t\t\"namespace\": \"shop\",\n\t\t\"name\": \"web\"\n\t},\n"
              "\t\"localEndpoints\": 3,\n\t\"serviceProxyHealthy\": true\n}");
}

TEST(HealthCheckPage, NeedsEndpointsAndAHealthyProxy) {
    const auto none = health_check_page({"shop", "web"}, 0, true);
    EXPECT_EQ(none.status, 503U);
    EXPECT_EQ(none.headers.back().second, "0");
    const auto sick = health_check_page({"shop", "web"}, 3, false);
    EXPECT_EQ(sick.status, 503U);
    EXPECT_EQ(sick.headers.back().second, "3") << "the weight is told on 503 as well";
    EXPECT_NE(sick.body.find("\"serviceProxyHealthy\": false"), std::string::npos);
}

TEST(HealthCheckPage, NamesCannotBreakTheBody) {
    EXPECT_NE(health_check_page({"a\"b", "c\\d\n"}, 0, true).body.find(R"("a\"b")"),
              std::string::npos);
    EXPECT_NE(health_check_page({"a", "c\\d\n"}, 0, true).body.find(R"("c\\d\u000a")"),
              std::string::npos);
}

TEST(ReadyPage, SaysWhatIsMissing) {
    Readiness readiness;
    readiness.set_lists(true, false);
    EXPECT_EQ(ready_page(readiness).status, 503U);
    EXPECT_EQ(ready_page(readiness).body, "not ready: waiting for the list of EndpointSlices");
    readiness.set_synced();
    EXPECT_EQ(ready_page(readiness).status, 200U);
    EXPECT_EQ(ready_page(readiness).body, "ok");
}

}  // namespace
}  // namespace sy
