// What load balancers, kubelets and Prometheus ask the daemon.
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "http/server.h"
#include "tests/netns/daemon_fixture.h"

namespace sy::lab {
namespace {

using testing::HasSubstr;

constexpr Port kCheck{31000};
constexpr Port kOtherCheck{31001};

class DaemonHealth : public DaemonTest {
  protected:
    /// A Service with external policy Local and a health check node port.
    std::string local(std::string_view name, unsigned n, Port check = kCheck) const {
        return manifest(service(name)
                            .ip(vip(n))
                            .load_balancer(lb(n))
                            .port(80)
                            .node_port(static_cast<uint16_t>(30080 + n))
                            .external_local()
                            .health_check(check.number()));
    }
    std::string with(std::string_view name, std::vector<std::pair<Place, Pod>> pods) const {
        SliceSpec spec = slice(name, family()).port(kServerPort.number());
        for (const auto& [place, state] : pods) {
            spec.endpoint(at(place), place == Place::podr ? "node2" : "node", state);
        }
        return manifest(spec);
    }
    /// What a load balancer outside sees: the status, or 0 if nobody listens.
    unsigned check(Port port = kCheck) const {
        const auto answer = get(Place::ext, {node_ip(), port}, "/");
        return answer ? answer->status : 0;
    }
    bool check_becomes(unsigned status, Port port = kCheck) const {
        return eventually([&] { return check(port) == status; });
    }
    unsigned health(std::string_view path) const {
        const auto answer = get(Place::ext, {node_ip(), Port(10256)}, path);
        return answer ? answer->status : 0;
    }
    void put_node(bool deleting, bool tainted) {
        Node node;
        node.name = "node";
        node.deleting = deleting;
        node.autoscaler_taint = tainted;
        for (const Family each : kFamilies) {
            node.addresses.push_back(address(Place::node, each));
            node.pod_cidrs.push_back(pod_network(each));
        }
        folder.replace("node.yaml", manifest(node));
    }
    std::string no_local(std::string_view policy) const {
        return metric("kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family=\"" +
                      std::string(to_string(family())) + "\",traffic_policy=\"" +
                      std::string(policy) + "\"}");
    }
};
SY_EVERY_FAMILY(DaemonHealth);

TEST_P(DaemonHealth, AHealthCheckPortCountsLocalReadyAddresses) {
    start({"--nodeport-addresses", "0.0.0.0/0,::/0"});
    EXPECT_TRUE(eventually([&] { return health("/readyz") == 200; }));
    EXPECT_EQ(check(), 0u);
    folder.replace("web.yaml",
                   local("shop/web", 1) +
                       with("shop/web", {{Place::pod1, Pod::ready}, {Place::podr, Pod::ready}}));
    EXPECT_TRUE(check_becomes(200));
    const auto answer = get(Place::ext, {node_ip(), kCheck}, "/whatever");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->headers.at("content-type"), "application/json");
    EXPECT_EQ(answer->headers.at("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer->headers.at("x-load-balancing-endpoint-weight"), "1");
    EXPECT_EQ(answer->body,
              "{\n\t\"service\": {\n\t\t\"namespace\": \"shop\",\n\t\t\"name\": \"web\"\n\t},\n"
              "\t\"localEndpoints\": 1,\n\t\"serviceProxyHealthy\": true\n}");
    folder.replace("web.yaml",
                   local("shop/web", 1) +
                       with("shop/web", {{Place::pod1, Pod::ready}, {Place::pod2, Pod::ready}}));
    EXPECT_TRUE(eventually([&] {
        const auto now = get(Place::ext, {node_ip(), kCheck}, "/");
        return now && now->status == 200 &&
               now->headers.at("x-load-balancing-endpoint-weight") == "2";
    }));
    // Another Service is another matter, and so is another port.
    folder.replace("more.yaml", local("shop/more", 2, kOtherCheck) +
                                    with("shop/more", {{Place::podr, Pod::ready}}));
    EXPECT_TRUE(check_becomes(503, kOtherCheck));
    EXPECT_EQ(check(), 200u);
    folder.replace("web.yaml", local("shop/web", 1, Port(31002)) +
                                   with("shop/web", {{Place::pod1, Pod::ready}}));
    EXPECT_TRUE(check_becomes(200, Port(31002)));
    EXPECT_EQ(check(), 0u);
    folder.remove("web.yaml");
    EXPECT_TRUE(check_becomes(0, Port(31002)));
    EXPECT_EQ(check(kOtherCheck), 503u);
}

TEST_P(DaemonHealth, DrainingPodsStillServeButAskForNothingNew) {
    folder.replace("web.yaml",
                   local("shop/web", 1) + with("shop/web", {{Place::pod1, Pod::ready}}));
    start({"--nodeport-addresses", "0.0.0.0/0,::/0"});
    EXPECT_TRUE(check_becomes(200));
    folder.replace("web.yaml",
                   local("shop/web", 1) + with("shop/web", {{Place::pod1, Pod::terminating}}));
    EXPECT_TRUE(check_becomes(503));
    const auto answer = get(Place::ext, {node_ip(), kCheck}, "/");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->headers.at("x-load-balancing-endpoint-weight"), "0");
    EXPECT_THAT(answer->body, HasSubstr("\"localEndpoints\": 0"));
    EXPECT_TRUE(expect_reaches(lab(), tcp(Place::ext, lb(1), Port(80)), {"pod1 kept"}, 8));
    // Once the policy is Cluster there is nothing to ask for.
    folder.replace("web.yaml",
                   manifest(service("shop/web").ip(vip(1)).load_balancer(lb(1)).port(80)) +
                       with("shop/web", {{Place::pod1, Pod::ready}}));
    EXPECT_TRUE(check_becomes(0));
}

TEST_P(DaemonHealth, HealthCheckPortsListenOnSelectedAddressesAlone) {
    const bool v4 = family() == Family::ipv4;
    const IpAddr late = lb(77);
    const std::string host = late.to_string() + (v4 ? "/32" : "/128");
    folder.replace("web.yaml",
                   local("shop/web", 1) + with("shop/web", {{Place::pod1, Pod::ready}}));
    start({"--nodeport-addresses",
           second_node_address(family()).to_string() + (v4 ? "/24," : "/64,") + host});
    const auto status = [&](const IpAddr& ip) {
        const auto answer = get(Place::ext, {ip, kCheck}, "/");
        return answer ? answer->status : 0;
    };
    EXPECT_TRUE(eventually([&] { return status(second_node_address(family())) == 200; }));
    EXPECT_EQ(status(node_ip()), 0u);
    node_command({"ip", "addr", "add", host, "dev", "up0"});
    EXPECT_TRUE(eventually([&] { return status(late) == 200; }));
    node_command({"ip", "addr", "del", host, "dev", "up0"});
    // Asking in vain would take long: there is nobody to refuse.
    EXPECT_TRUE(eventually(
        [&] { return node_command({"ss", "-Hltn"}).find(late.to_string()) == std::string::npos; }));
    EXPECT_EQ(status(second_node_address(family())), 200u);
}

TEST_P(DaemonHealth, APortInUseIsTakenOnceItIsFree) {
    boost::asio::io_context io;
    std::optional<HttpServer> thief;
    {
        const Entered inside(lab().at(Place::node));
        auto listening = HttpServer::listen(io, {unspecified(family()), kCheck},
                                            [](const HttpRequest&) { return HttpResponse{}; });
        ASSERT_TRUE(listening) << listening.error().message();
        thief.emplace(std::move(*listening));
    }
    folder.replace("web.yaml",
                   local("shop/web", 1) + with("shop/web", {{Place::pod1, Pod::ready}}));
    start({"--nodeport-addresses", "0.0.0.0/0,::/0"});
    EXPECT_TRUE(eventually(
        [&] { return daemon->log().find("failed to start healthcheck") != std::string::npos; }));
    thief.reset();
    EXPECT_TRUE(check_becomes(200)) << "without any other change";
    EXPECT_EQ(health("/healthz"), 200u);
}

TEST_P(DaemonHealth, APortInUseEndsItIfThatIsWanted) {
    boost::asio::io_context io;
    const auto thief = [&] {
        const Entered inside(lab().at(Place::node));
        return HttpServer::listen(io, {IpAddr::v4(127, 0, 0, 1), Port(10249)},
                                  [](const HttpRequest&) { return HttpResponse{}; });
    }();
    ASSERT_TRUE(thief) << thief.error().message();
    start({"--bind-address-hard-fail"});
    EXPECT_EQ(daemon->wait(), 1);
    EXPECT_NE(daemon->log().find("127.0.0.1:10249: cannot listen"), std::string::npos);
}

TEST_P(DaemonHealth, HealthzIsForTheNodeAndLivezForTheProxy) {
    folder.remove("cluster.yaml");
    start();
    EXPECT_TRUE(eventually([&] { return health("/readyz") == 200; }));
    EXPECT_EQ(health("/healthz"), 200u) << "files need not have a Node";
    put_node(false, true);
    EXPECT_TRUE(eventually([&] { return health("/healthz") == 503; }));
    EXPECT_EQ(health("/livez"), 200u);
    const auto answer = get(Place::node, {IpAddr::v4(127, 0, 0, 1), Port(10256)}, "/healthz");
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->body, HasSubstr("\"nodeEligible\":false,\"healthy\":true,\"status\":{"));
    put_node(false, false);
    EXPECT_TRUE(eventually([&] { return health("/healthz") == 200; }));
    put_node(true, false);
    EXPECT_TRUE(eventually([&] { return health("/healthz") == 503; }));
    EXPECT_EQ(health("/livez"), 200u);
    EXPECT_EQ(health("/nothing"), 404u);
    EXPECT_EQ(metric("kubeproxy_proxy_livez_total{code=\"200\"}"), "2");
    EXPECT_EQ(metric("kubeproxy_proxy_livez_total{code=\"503\"}"), "0");
    EXPECT_NE(metric("kubeproxy_proxy_healthz_total{code=\"503\"}"), "0");
}

TEST_P(DaemonHealth, TheGaugeOfPortsWithoutLocalEndpoints) {
    const auto web_with = [&](ServiceSpec spec, std::string_view pods) {
        folder.replace("web.yaml", manifest(spec) + std::string(pods));
    };
    const auto plain = [&] { return service("shop/web").ip(vip(1)).port(80).node_port(30080); };
    const auto becomes_counts = [&](std::string_view internal, std::string_view external) {
        return eventually(
            [&] { return no_local("internal") == internal && no_local("external") == external; });
    };
    const std::string remote = with("shop/web", {{Place::podr, Pod::ready}});
    start();
    EXPECT_TRUE(becomes_counts("0", "0"));
    web_with(plain().internal_local(), remote);
    EXPECT_TRUE(becomes_counts("1", "0"));
    web_with(plain().external_local(), remote);
    EXPECT_TRUE(becomes_counts("0", "1"));
    web_with(plain().internal_local().external_local(), remote);
    EXPECT_TRUE(becomes_counts("1", "1"));
    web_with(plain(), remote);
    EXPECT_TRUE(becomes_counts("0", "0"));
    web_with(plain().internal_local().external_local(), remote);
    EXPECT_TRUE(becomes_counts("1", "1"));
    web_with(plain().internal_local().external_local(), "");
    EXPECT_TRUE(becomes_counts("0", "0")) << "without any endpoint it is refused, not dropped";
    web_with(plain().internal_local().external_local(),
             with("shop/web", {{Place::podr, Pod::ready}, {Place::pod1, Pod::ready}}));
    EXPECT_TRUE(becomes_counts("0", "0"));
}

TEST_P(DaemonHealth, MetricsTellWhatWasDone) {
    folder.replace("web.yaml", web("shop/web", 1) + pods("shop/web", {Place::pod1}));
    start();
    EXPECT_TRUE(eventually([&] { return metric("switchyard_services") == "1"; }));
    EXPECT_NE(metric("switchyard_kernel_writes_total"), "0");
    const std::string in_family = "{ip_family=\"" + std::string(to_string(family())) + "\"";
    EXPECT_EQ(metric("switchyard_map_elements" + in_family + ",map=\"frontends\"}"), "1");
    EXPECT_EQ(metric("kubeproxy_sync_full_proxy_rules_duration_seconds_count" + in_family + "}"),
              "1");
    folder.replace("web.yaml", web("shop/web", 1) + pods("shop/web", {Place::pod2}));
    EXPECT_TRUE(becomes(tcp(Place::ext, vip(1), Port(80)), {"pod2 masq"}));
    EXPECT_EQ(metric("kubeproxy_sync_partial_proxy_rules_duration_seconds_count" + in_family + "}"),
              "1");
    daemon->signal(SIGHUP);
    EXPECT_TRUE(
        eventually([&] { return metric("switchyard_audits_total{result=\"clean\"}") == "1"; }));
}

/// How often any thread of a process gave up the processor of its own accord: for an idle process
/// that is how often it woke up.
uint64_t wakeups(pid_t pid) {
    uint64_t sum = 0;
    const std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
        std::ifstream status(task.path() / "status");
        for (std::string word; status >> word;) {
            uint64_t count = 0;
            if (word == "voluntary_ctxt_switches:" && status >> count) {
                sum += count;
            }
        }
    }
    return sum;
}

TEST_P(DaemonHealth, AnIdleDaemonSleeps) {
    folder.replace("web.yaml",
                   local("shop/web", 1) + with("shop/web", {{Place::pod1, Pod::ready}}));
    start({"--nodeport-addresses", "0.0.0.0/0,::/0"});
    EXPECT_TRUE(check_becomes(200));
    EXPECT_TRUE(eventually([&] {
        const auto before = wakeups(daemon->pid());
        std::this_thread::sleep_for(std::chrono::seconds(2));
        return wakeups(daemon->pid()) == before;
    }));
}

}  // namespace
}  // namespace sy::lab
