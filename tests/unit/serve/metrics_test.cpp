#include "serve/metrics.h"

#include <gmock/gmock.h>

#include <csignal>
#include <map>
#include <sstream>

#include "build.h"
#include "os/subprocess.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using test::Committed;
using test::port;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::Pair;

const WallTime kNow(1000s);

TrafficRead one_port() {
    return {.ports = std::vector<PortTraffic>{{.port = "shop/web:http", .connections = 4}},
            .programs = std::vector<ProgramCount>{{"miss", 3}}};
}

class MetricsTest : public testing::Test {
  protected:
    /// The value of one series, as text; "" if there is none.
    std::string value(const std::string& series) const {
        std::istringstream lines(metrics.text());
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with(series + " ")) {
                return line.substr(series.size() + 1);
            }
        }
        return {};
    }
    /// Name to type of everything shown.
    std::map<std::string, std::string> types() const {
        std::map<std::string, std::string> out;
        std::istringstream lines(metrics.text());
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("# TYPE ")) {
                const auto space = line.rfind(' ');
                out[line.substr(7, space - 7)] = line.substr(space + 1);
            }
        }
        return out;
    }
    /// The upper bounds of a histogram's buckets.
    std::vector<std::string> bounds(const std::string& bucket_with_labels) const {
        std::vector<std::string> out;
        std::istringstream lines(metrics.text());
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with(bucket_with_labels)) {
                const auto begin = line.find("le=\"") + 4;
                out.push_back(line.substr(begin, line.find('"', begin) - begin));
            }
        }
        return out;
    }
    /// Every series there can be has a value.
    void touch_everything() {
        metrics.on_changes({.services = 1, .families = FamilySet::both()});
        Committed commit;
        commit.fill = {{"frontends", Family::ipv4, 3, 1024}, {"pods", Family::ipv6, 1, 0}};
        metrics.on_committed(commit.commit());
        metrics.on_sync_ended({.ok = true, .services = 1});
        metrics.on_quarantined({"shop", "web"}, {.what = "add \"element\"", .on = "x", .code = 22});
        metrics.on_audited(KernelReport{});
        metrics.on_flows_pruned({.ok = true});
        metrics.on_connected("services", true);
        metrics.on_watch_restarted("services", "cut");
        metrics.on_listed("services");
        metrics.on_malformed("services");
        metrics.count_api_request("200", "GET", "10.96.0.1:443");
        metrics.show_traffic(10);
        metrics.on_traffic(one_port());
    }

    Metrics metrics{{.version = "1.2.3"}, [] { return kNow; }};
};

TEST_F(MetricsTest, HasKubeProxysNamesAndTypes) {
    metrics.count_api_request("200", "GET", "10.96.0.1:443");
    EXPECT_THAT(types(),
                IsSupersetOf({
                    Pair("kubeproxy_sync_proxy_rules_duration_seconds", "histogram"),
                    Pair("kubeproxy_sync_full_proxy_rules_duration_seconds", "histogram"),
                    Pair("kubeproxy_sync_partial_proxy_rules_duration_seconds", "histogram"),
                    Pair("kubeproxy_sync_proxy_rules_last_timestamp_seconds", "gauge"),
                    Pair("kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds", "gauge"),
                    Pair("kubeproxy_network_programming_duration_seconds", "histogram"),
                    Pair("kubeproxy_sync_proxy_rules_endpoint_changes_pending", "gauge"),
                    Pair("kubeproxy_sync_proxy_rules_service_changes_pending", "gauge"),
                    Pair("kubeproxy_sync_proxy_rules_endpoint_changes_total", "counter"),
                    Pair("kubeproxy_sync_proxy_rules_service_changes_total", "counter"),
                    Pair("kubeproxy_sync_proxy_rules_no_local_endpoints_total", "gauge"),
                    Pair("kubeproxy_proxy_healthz_total", "counter"),
                    Pair("kubeproxy_proxy_livez_total", "counter"),
                    Pair("kubeproxy_sync_proxy_rules_nftables_sync_failures_total", "counter"),
                    Pair("kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total", "counter"),
                    Pair("kubeproxy_conntrack_reconciler_sync_duration_seconds", "histogram"),
                    Pair("kubeproxy_conntrack_reconciler_deleted_entries_total", "counter"),
                    Pair("kubernetes_build_info", "gauge"),
                    Pair("rest_client_requests_total", "counter"),
                    Pair("process_cpu_seconds_total", "counter"),
                    Pair("process_resident_memory_bytes", "gauge"),
                    Pair("process_open_fds", "gauge"),
                    Pair("process_start_time_seconds", "gauge"),
                }));
}

TEST_F(MetricsTest, HasKubeProxysBuckets) {
    const auto sync =
        bounds(R"(kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4")");
    ASSERT_EQ(sync.size(), 16U);
    EXPECT_EQ(sync.front(), "0.001");
    EXPECT_EQ(sync[14], "16.384");
    EXPECT_EQ(sync.back(), "+Inf");
    const auto programming =
        bounds(R"(kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv6")");
    ASSERT_EQ(programming.size(), 2U + 59 + 12 + 7 + 1);
    EXPECT_THAT(programming,
                IsSupersetOf({"0.25", "0.5", "1", "59", "60", "65", "115", "120", "150", "300"}));
    EXPECT_THAT(programming, Not(Contains("116")));
    const auto ours = bounds("switchyard_event_to_kernel_seconds_bucket");
    ASSERT_EQ(ours.size(), 17U);
    EXPECT_EQ(ours.front(), "0.0001");
}

TEST_F(MetricsTest, CountsChangesAndWhatIsPending) {
    metrics.on_changes({.services = 3,
                        .slices = 5,
                        .services_changed = 1,
                        .slices_changed = 4,
                        .families = FamilySet(Family::ipv6)});
    metrics.on_changes({.services = 1, .services_changed = 1});
    EXPECT_EQ(value("kubeproxy_sync_proxy_rules_service_changes_total"), "4");
    EXPECT_EQ(value("kubeproxy_sync_proxy_rules_endpoint_changes_total"), "5");
    EXPECT_EQ(value("kubeproxy_sync_proxy_rules_service_changes_pending"), "2");
    EXPECT_EQ(value("kubeproxy_sync_proxy_rules_endpoint_changes_pending"), "4");
    const std::string queued = "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds";
    EXPECT_EQ(value(queued + R"({ip_family="IPv6"})"), "1000");
    EXPECT_EQ(value(queued + R"({ip_family="IPv4"})"), "0");
    metrics.on_sync_begun();
    EXPECT_EQ(value("kubeproxy_sync_proxy_rules_service_changes_pending"), "0");
    EXPECT_EQ(value("kubeproxy_sync_proxy_rules_endpoint_changes_pending"), "0");
}

TEST_F(MetricsTest, TellsFullSyncsFromPartialOnesAndFailures) {
    metrics.on_sync_ended({.ok = true, .full = true, .took = 3ms, .services = 7});
    metrics.on_sync_ended({.ok = false, .full = false, .took = 3ms, .services = 7});
    EXPECT_EQ(value(R"(kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"})"), "2");
    EXPECT_EQ(value(R"(kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family="IPv6"})"),
              "1");
    EXPECT_EQ(
        value(R"(kubeproxy_sync_partial_proxy_rules_duration_seconds_count{ip_family="IPv4"})"),
        "1");
    EXPECT_EQ(value(R"(kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"})"),
              "1000");
    EXPECT_EQ(value(R"(kubeproxy_sync_proxy_rules_nftables_sync_failures_total{ip_family="IPv4"})"),
              "1");
    EXPECT_EQ(value("switchyard_services"), "7");
}

TEST_F(MetricsTest, MeasuresFromTriggersToTheKernel) {
    Committed commit;
    const ServiceName web{"shop", "web"};
    const ServiceName bad{"shop", "bad"};
    commit.delta.triggers = {{web, Family::ipv4, kNow - 700ms},
                             {web, Family::ipv4, kNow - 7s},
                             {bad, Family::ipv4, kNow - 1s},
                             {web, Family::ipv6, kNow - 1s}};
    commit.quarantined = {{bad, {}}};
    commit.latency = 2ms;
    metrics.on_committed(commit.commit());
    const std::string name = "kubeproxy_network_programming_duration_seconds";
    EXPECT_EQ(value(name + R"(_count{ip_family="IPv4"})"), "2") << "one is not programmed";
    EXPECT_EQ(value(name + R"(_sum{ip_family="IPv4"})"), "7.7");
    EXPECT_EQ(value(name + R"(_bucket{ip_family="IPv4",le="0.5"})"), "0");
    EXPECT_EQ(value(name + R"(_bucket{ip_family="IPv4",le="1"})"), "1");
    EXPECT_EQ(value(name + R"(_count{ip_family="IPv6"})"), "1");
    EXPECT_EQ(value("switchyard_event_to_kernel_seconds_count"), "1");
    EXPECT_EQ(value("switchyard_kernel_writes_total"), "10");
    EXPECT_EQ(value("switchyard_kernel_transactions_total"), "1");
}

TEST_F(MetricsTest, ShowsPortsWithoutLocalEndpoints) {
    ServicePlan plan;
    plan.name = {"shop", "web"};
    plan.ports = {port(Family::ipv4)};
    plan.ports[0].no_local_external = true;
    metrics.on_committed(Committed().changed(plan).commit());
    const std::string name = "kubeproxy_sync_proxy_rules_no_local_endpoints_total";
    EXPECT_EQ(value(name + R"({ip_family="IPv4",traffic_policy="external"})"), "1");
    EXPECT_EQ(value(name + R"({ip_family="IPv4",traffic_policy="internal"})"), "0");
    EXPECT_EQ(value(name + R"({ip_family="IPv6",traffic_policy="external"})"), "0");
    metrics.on_committed(Committed().removed("web").commit());
    EXPECT_EQ(value(name + R"({ip_family="IPv4",traffic_policy="external"})"), "0");
}

TEST_F(MetricsTest, ShowsQuarantineWithinBounds) {
    metrics.on_quarantined({"shop", "web"}, {.what = "add element", .on = "shop/web", .code = 22});
    const std::string series = R"(switchyard_service_programming_error{namespace="shop",)"
                               R"(reason="add element: Invalid argument",service="web"})";
    EXPECT_EQ(value(series), "1") << metrics.text();
    EXPECT_EQ(value("switchyard_quarantined_services"), "1");
    metrics.on_quarantined({"shop", "web"}, {.what = "other", .on = {}, .code = 0});
    EXPECT_EQ(value(series), "");
    EXPECT_EQ(value("switchyard_quarantined_services"), "1");
    for (int i = 0; i < 500; ++i) {
        metrics.on_quarantined({"shop", "s" + std::to_string(i)}, {.what = "no", .on = {}});
    }
    EXPECT_EQ(value("switchyard_quarantined_services"), "501");
    const auto text = metrics.text();
    std::size_t shown = 0;
    for (auto at = text.find("\nswitchyard_service_programming_error{"); at != std::string::npos;
         at = text.find("\nswitchyard_service_programming_error{", at + 1)) {
        ++shown;
    }
    EXPECT_EQ(shown, 100U);
    for (int i = 0; i < 500; ++i) {
        metrics.on_cured({"shop", "s" + std::to_string(i)});
    }
    metrics.on_cured({"shop", "web"});
    EXPECT_EQ(value("switchyard_quarantined_services"), "0");
    EXPECT_THAT(metrics.text(), Not(HasSubstr("\nswitchyard_service_programming_error{")));
}

TEST_F(MetricsTest, ShowsHowFullTheMapsAre) {
    Committed commit;
    commit.fill = {{"frontends", Family::ipv4, 3, 1024}, {"pods", Family::ipv4, 1, 0}};
    metrics.on_committed(commit.commit());
    commit.fill[0].elements = 5;
    metrics.on_committed(commit.commit());
    EXPECT_EQ(value(R"(switchyard_map_elements{ip_family="IPv4",map="frontends"})"), "5");
    EXPECT_EQ(value(R"(switchyard_map_capacity{ip_family="IPv4",map="frontends"})"), "1024");
    EXPECT_EQ(value(R"(switchyard_map_elements{ip_family="IPv4",map="pods"})"), "1");
    EXPECT_EQ(value(R"(switchyard_map_capacity{ip_family="IPv4",map="pods"})"), "");
    commit.fill.erase(commit.fill.begin());
    metrics.on_committed(commit.commit());
    EXPECT_EQ(value(R"(switchyard_map_elements{ip_family="IPv4",map="frontends"})"), "");
}

TEST_F(MetricsTest, CountsAuditsFlowsWatchesAndTheRest) {
    metrics.on_audited(KernelReport{.found = 3});
    metrics.on_audited(KernelReport{.found = 3, .drifted = 2});
    metrics.on_audited(fail("dump"));
    EXPECT_EQ(value(R"(switchyard_audits_total{result="clean"})"), "1");
    EXPECT_EQ(value(R"(switchyard_audits_total{result="drifted"})"), "1");
    EXPECT_EQ(value(R"(switchyard_audits_total{result="failed"})"), "1");
    EXPECT_EQ(value("switchyard_drift_repairs_total"), "2");
    metrics.on_flows_pruned({.ok = true,
                             .took = 1ms,
                             .deleted_ipv4 = 2,
                             .deleted_ipv6 = 3,
                             .ended_ipv4 = 4,
                             .ended_ipv6 = 5});
    const std::string deleted = "kubeproxy_conntrack_reconciler_deleted_entries_total";
    EXPECT_EQ(value(deleted + R"({ip_family="IPv4"})"), "2");
    EXPECT_EQ(value(deleted + R"({ip_family="IPv6"})"), "3");
    EXPECT_EQ(value(R"(switchyard_ended_sockets_total{ip_family="IPv4"})"), "4");
    EXPECT_EQ(value(R"(switchyard_ended_sockets_total{ip_family="IPv6"})"), "5");
    metrics.on_connected("services", true);
    EXPECT_EQ(value(R"(switchyard_watch_connected{resource="services"})"), "1");
    metrics.on_connected("services", false);
    EXPECT_EQ(value(R"(switchyard_watch_connected{resource="services"})"), "0");
    metrics.on_watch_restarted("services", "expired");
    EXPECT_EQ(value(R"(switchyard_watch_restarts_total{reason="expired",resource="services"})"),
              "1");
    metrics.on_listed("services");
    EXPECT_EQ(value(R"(switchyard_lists_total{resource="services"})"), "1");
    metrics.on_malformed("nodes");
    EXPECT_EQ(value(R"(switchyard_malformed_objects_total{resource="nodes"})"), "1");
    metrics.count_healthz(false);
    EXPECT_EQ(value(R"(kubeproxy_proxy_healthz_total{code="503"})"), "1");
    EXPECT_EQ(value(R"(kubeproxy_proxy_livez_total{code="200"})"), "0");
    metrics.count_config_reload(true);
    EXPECT_EQ(value(R"(switchyard_config_reloads_total{result="ok"})"), "1");
    metrics.count_dropped_event();
    EXPECT_EQ(value("switchyard_events_dropped_total"), "1");
}

TEST_F(MetricsTest, ShowsTrafficIfItIsCounted) {
    EXPECT_THAT(metrics.text(), Not(HasSubstr("switchyard_service_connections_total")));
    metrics.show_traffic(10);
    metrics.on_traffic(one_port());
    EXPECT_EQ(value(R"(switchyard_service_connections_total{ip_family="IPv4",protocol="TCP",)"
                    R"(service="shop/web:http"})"),
              "4");
}

TEST_F(MetricsTest, PromtoolFindsNothingButTheNameThatIsKubeProxys) {
    std::signal(SIGPIPE, SIG_IGN);
    touch_everything();
    const auto checked = run_program(
        {.argv = {"promtool", "check", "metrics"}, .environment = {}, .input = metrics.text()});
    if (!checked) {
        GTEST_SKIP() << "promtool: " << checked.error().message();
    }
    EXPECT_EQ(checked->err,
              "kubeproxy_sync_proxy_rules_no_local_endpoints_total non-counter metrics should not "
              "have \"_total\" suffix\n");
}

}  // namespace
}  // namespace sy
