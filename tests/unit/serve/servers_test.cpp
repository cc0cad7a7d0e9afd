#include "serve/servers.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "build.h"
#include "http/server.h"
#include "tests/support/http_probe.h"
#include "tests/support/strand.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const IpAddr kLoopback = IpAddr::v4(127, 0, 0, 1);
const FamilySet kBoth = FamilySet::both();

class RecordingLog : public Log {
  public:
    void write(LogLevel, std::string_view message) override { lines.emplace_back(message); }
    std::vector<std::string> lines;
};

class RecordingEvents : public EventSink {
  public:
    void record(ClusterEvent event) override { events.push_back(std::move(event)); }
    std::vector<ClusterEvent> events;
};

class OnePort : public TrafficReader {
  public:
    Result<std::vector<PortTraffic>> read() override {
        return std::vector<PortTraffic>{{.port = "shop/web:http", .connections = 4}};
    }
};

class ServersTest : public testing::Test {
  protected:
    ServersTest() {
        strand_.run([this] {
            health_ = free_address();
            metrics_ = free_address();
        });
        options_.addresses.healthz = health_;
        options_.addresses.metrics = metrics_;
        options_.proxy_mode = "nftables";
        options_.configz = R"({"kubeproxy.config.k8s.io":{}})";
    }
    ~ServersTest() override {
        strand_.run([this] { servers_.reset(); });
    }

    SocketAddress free_address() {
        const auto nothing = [](const HttpRequest&) { return HttpResponse{}; };
        return {kLoopback, HttpServer::listen(strand_.io(), {kLoopback, Port(0)}, nothing)->port()};
    }
    void start() {
        strand_.run([this] {
            servers_.emplace(Servers::Parts{.io = strand_.io(),
                                            .log = log_,
                                            .events = &events_,
                                            .node_name = "n1",
                                            .build = {.version = "1.2.3"},
                                            .on_fatal = [this](const Error& e) { fatal_ = e; }},
                             options_);
            servers_->start();
        });
    }
    /// What the agent tells until everything is in the kernel.
    void first_sync() {
        strand_.run([this] {
            const Node node;
            servers_->on_node(&node);
            servers_->on_lists(true, true);
            servers_->on_sync_begun();
            servers_->on_committed(test::Committed().commit());
            servers_->on_first_sync();
            servers_->on_sync_ended({.ok = true, .full = true, .took = 1ms, .services = 3});
        });
    }
    HttpAnswer get(const SocketAddress& address, std::string_view path) {
        const auto answer = http_get(address, path);
        EXPECT_TRUE(answer) << answer.error().message();
        return answer.value_or(HttpAnswer{});
    }
    unsigned health(std::string_view path) { return get(health_, path).status; }

    Strand strand_;
    RecordingLog log_;
    RecordingEvents events_;
    ServersOptions options_;
    SocketAddress health_;
    SocketAddress metrics_;
    std::optional<Error> fatal_;
    std::optional<Servers> servers_;
};

TEST_F(ServersTest, ReadyComesWithTheFirstSync) {
    start();
    EXPECT_EQ(health("/livez"), 200U);
    EXPECT_EQ(health("/healthz"), 503U) << "the Node is not known";
    EXPECT_EQ(get(health_, "/readyz").body,
              "not ready: waiting for the list of Services and EndpointSlices");
    strand_.run([this] { servers_->on_lists(true, false); });
    EXPECT_EQ(get(health_, "/readyz").body, "not ready: waiting for the list of EndpointSlices");
    first_sync();
    EXPECT_EQ(health("/readyz"), 200U);
    EXPECT_EQ(health("/healthz"), 200U);
    EXPECT_EQ(health("/"), 404U);
    EXPECT_EQ(health("/healthz/"), 404U);
}

TEST_F(ServersTest, AQuarantinedServiceIsToldOfItsFate) {
    start();
    strand_.run([this] {
        servers_->on_quarantined({"shop", "cart"}, Error{.what = "too long", .on = {}, .code = 0});
    });
    ASSERT_EQ(events_.events.size(), 1U);
    const ClusterEvent& event = events_.events.front();
    EXPECT_EQ(event.kind + " " + event.ns + "/" + event.name, "Service shop/cart");
    EXPECT_EQ(event.severity, EventSeverity::warning);
    EXPECT_EQ(event.reason, "FailedToProgramService");
    EXPECT_EQ(event.message, "node n1 cannot program it, will retry: too long");
}

TEST_F(ServersTest, ANodeThatIsLeavingFailsHealthzAloneAndIsCounted) {
    start();
    first_sync();
    EXPECT_EQ(health("/healthz?verbose"), 200U);
    strand_.run([this] {
        Node node;
        node.autoscaler_taint = true;
        servers_->on_node(&node);
    });
    const auto answer = get(health_, "/healthz");
    EXPECT_EQ(answer.status, 503U);
    EXPECT_THAT(answer.body, HasSubstr("\"nodeEligible\":false,\"healthy\":true"));
    const auto livez = get(health_, "/livez");
    EXPECT_EQ(livez.status, 200U);
    EXPECT_EQ(livez.body.find("nodeEligible"), std::string::npos);
    EXPECT_EQ(livez.headers.at("content-type"), "application/json");
    EXPECT_EQ(livez.headers.at("x-content-type-options"), "nosniff");
    const auto text = get(metrics_, "/metrics").body;
    EXPECT_THAT(text, HasSubstr("kubeproxy_proxy_healthz_total{code=\"200\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("kubeproxy_proxy_healthz_total{code=\"503\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("kubeproxy_proxy_livez_total{code=\"200\"} 1\n"));
}

TEST_F(ServersTest, AFailingKernelMakesItUnhealthy) {
    options_.sync_period = 10ms;
    start();
    first_sync();
    strand_.run([this] {
        servers_->on_changes({.services = 1, .services_changed = 1, .families = kBoth});
        servers_->on_sync_begun();
        servers_->on_sync_ended({.ok = false});
    });
    while (health("/livez") == 200U) {
    }
    EXPECT_EQ(health("/healthz"), 503U);
    EXPECT_THAT(get(metrics_, "/metrics/slis").body,
                HasSubstr("kubernetes_healthcheck{name=\"proxy\",type=\"livez\"} 0\n"));
    // Nothing had to be written in the end: it is caught up with all the same.
    strand_.run([this] {
        servers_->on_sync_begun();
        servers_->on_sync_skipped();
    });
    EXPECT_EQ(health("/livez"), 200U);
}

TEST_F(ServersTest, ThePagesOfTheMetricsPort) {
    start();
    first_sync();
    const auto text = get(metrics_, "/metrics");
    EXPECT_EQ(text.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_THAT(text.body, HasSubstr("switchyard_services 3\n"));
    EXPECT_THAT(text.body, HasSubstr("switchyard_build_info{"));
    EXPECT_EQ(get(metrics_, "/healthz").body, "ok");
    EXPECT_EQ(get(metrics_, "/proxyMode").body, "nftables");
    EXPECT_EQ(get(metrics_, "/configz").body, options_.configz);
    EXPECT_EQ(get(metrics_, "/configz").headers.at("content-type"), "application/json");
    EXPECT_EQ(get(metrics_, "/debug/pprof/").status, 404U);
}

TEST_F(ServersTest, AddressesFollowTheConfiguration) {
    start();
    auto kept = HttpProbe::connect(health_);
    ASSERT_TRUE(kept);
    const auto before = metrics_;
    strand_.run([this] {
        metrics_ = free_address();
        options_.addresses.metrics = metrics_;
        options_.proxy_mode = "other";
        servers_->reconfigure(options_);
    });
    EXPECT_EQ(get(metrics_, "/proxyMode").body, "other");
    EXPECT_FALSE(http_get(before, "/proxyMode"));
    ASSERT_TRUE(kept->send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(kept->receive()->status, 200U);
    strand_.run([this] {
        options_.addresses.healthz.reset();
        servers_->reconfigure(options_);
    });
    EXPECT_FALSE(http_get(health_, "/livez"));
    EXPECT_EQ(get(metrics_, "/healthz").body, "ok");
}

TEST_F(ServersTest, ATakenAddressIsToldAndTakenLater) {
    std::optional<HttpServer> thief;
    strand_.run([&] {
        thief.emplace(*HttpServer::listen(strand_.io(), metrics_,
                                          [](const HttpRequest&) { return HttpResponse{}; }));
    });
    start();
    EXPECT_EQ(health("/livez"), 200U) << "the other server is there";
    strand_.run([&] {
        ASSERT_EQ(log_.lines.size(), 1U);
        EXPECT_THAT(log_.lines[0], HasSubstr("the metrics server cannot be started"));
        EXPECT_THAT(log_.lines[0], HasSubstr("Address already in use"));
        EXPECT_FALSE(fatal_);
        // It may not be the same process that takes it, but a configuration that changes does.
        thief.reset();
        options_.addresses.metrics.reset();
        servers_->reconfigure(options_);
        options_.addresses.metrics = metrics_;
        servers_->reconfigure(options_);
    });
    EXPECT_EQ(get(metrics_, "/healthz").body, "ok");
}

TEST_F(ServersTest, WithHardFailATakenAddressIsFatal) {
    options_.addresses.bind_hard_fail = true;
    options_.addresses.metrics = options_.addresses.healthz;
    start();
    strand_.run([this] {
        ASSERT_TRUE(fatal_);
        EXPECT_EQ(fatal_->code, EADDRINUSE);
    });
}

TEST_F(ServersTest, MetricsWaitForTheTrafficOfServices) {
    start();
    strand_.run([this] { servers_->show_traffic(std::make_unique<OnePort>(), 10); });
    const auto answer = get(metrics_, "/metrics");
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
    EXPECT_THAT(answer.headers.at("content-type"), HasSubstr("version=0.0.4"));
    EXPECT_THAT(answer.body, HasSubstr("service=\"shop/web:http\"} 4\n"));
    EXPECT_THAT(answer.body, HasSubstr("\nswitchyard_build_info{"));
}

}  // namespace
}  // namespace sy
