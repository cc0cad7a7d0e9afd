#include "serve/health_check_ports.h"

#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <optional>

#include "build.h"
#include "tests/support/http_probe.h"
#include "tests/support/strand.h"

namespace sy {
namespace {

using test::checked;
using test::Committed;
using testing::HasSubstr;
using testing::SizeIs;

const IpAddr kLoopback4 = IpAddr::v4(127, 0, 0, 1);
const IpAddr kOther4 = IpAddr::v4(127, 0, 0, 2);
const IpAddr kLoopback6 = *IpAddr::parse("::1");

class QuietLog : public Log {
  public:
    void write(LogLevel, std::string_view) override {}
};

class RecordedEvents : public EventSink {
  public:
    void record(ClusterEvent event) override { events.push_back(std::move(event)); }
    std::vector<ClusterEvent> events;
};

/// A port nobody listens on now.
Port free_port(boost::asio::io_context& io) {
    const auto nothing = [](const HttpRequest&) { return HttpResponse{}; };
    return HttpServer::listen(io, {unspecified(Family::ipv4), Port(0)}, nothing,
                              HttpServer::Wildcard::both_families)
        ->port();
}

class HealthCheckPortsTest : public testing::Test {
  protected:
    HealthCheckPortsTest() {
        strand_.run([this] {
            port_ = free_port(strand_.io());
            other_port_ = free_port(strand_.io());
            ports_.emplace(HealthCheckPorts::Config{.io = strand_.io(),
                                                    .log = log_,
                                                    .events = &events_,
                                                    .node_name = "n1",
                                                    .proxy_healthy = [this] { return healthy_; }},
                           NodePortSelection{.primary = false, .cidrs = {}});
        });
    }
    ~HealthCheckPortsTest() override {
        strand_.run([this] { ports_.reset(); });
    }

    void sync(const Committed& what) {
        strand_.run([&] {
            ports_->on_committed(what.commit());
            ports_->on_synced();
        });
    }
    std::size_t listening() {
        return strand_.run([this] { return ports_->listening(); });
    }
    unsigned status(const IpAddr& ip, Port port) {
        const auto answer = http_get({ip, port}, "/any/path");
        return answer ? answer->status : 0;
    }
    ServicePlan web(uint32_t local) const { return checked("web", port_.number(), local); }

    Strand strand_;
    QuietLog log_;
    RecordedEvents events_;
    bool healthy_ = true;
    Port port_;
    Port other_port_;
    std::optional<HealthCheckPorts> ports_;
};

TEST_F(HealthCheckPortsTest, OpensCountsAndCloses) {
    EXPECT_EQ(status(kLoopback4, port_), 0U) << "closed before";
    sync(Committed().changed(web(1)));
    const auto answer = http_get({kLoopback4, port_}, "/");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(answer->headers.at("x-load-balancing-endpoint-weight"), "1");
    EXPECT_EQ(answer->headers.at("x-content-type-options"), "nosniff");
    EXPECT_THAT(answer->body, HasSubstr("\"localEndpoints\": 1"));
    EXPECT_FALSE(http_get({kLoopback6, port_}, "/")) << "the Service has no IPv6";
    auto kept = HttpProbe::connect({kLoopback4, port_});
    ASSERT_TRUE(kept);
    sync(Committed().changed(web(0)));
    EXPECT_EQ(status(kLoopback4, port_), 503U);
    ASSERT_TRUE(kept->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(kept->receive()->status, 503U) << "counts follow on open connections";
    sync(Committed().removed("web"));
    EXPECT_EQ(status(kLoopback4, port_), 0U);
    EXPECT_TRUE(kept->ended());
}

TEST_F(HealthCheckPortsTest, NothingHappensBeforeTheSyncHasSucceeded) {
    strand_.run([&] { ports_->on_committed(Committed().changed(web(1)).commit()); });
    EXPECT_EQ(listening(), 0U);
}

TEST_F(HealthCheckPortsTest, ARequestThatRacesWithRemovalGetsAnAnswer) {
    sync(Committed().changed(web(1)));
    strand_.run([&] { ports_->on_committed(Committed().removed("web").commit()); });
    const auto answer = http_get({kLoopback4, port_}, "/");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503U);
    EXPECT_THAT(answer->body, HasSubstr("\"localEndpoints\": 0"));
}

TEST_F(HealthCheckPortsTest, AnUnhealthyProxyIsNoTarget) {
    sync(Committed().changed(web(3)));
    strand_.run([this] { healthy_ = false; });
    EXPECT_EQ(status(kLoopback4, port_), 503U);
    strand_.run([this] { healthy_ = true; });
    EXPECT_EQ(status(kLoopback4, port_), 200U);
}

TEST_F(HealthCheckPortsTest, AnotherPortAndTwoServices) {
    sync(Committed().changed(web(1)).changed(checked("more", other_port_.number(), 0)));
    EXPECT_EQ(status(kLoopback4, port_), 200U);
    EXPECT_EQ(status(kLoopback4, other_port_), 503U);
    // They swap their ports in one sync.
    sync(Committed()
             .changed(checked("web", other_port_.number(), 1))
             .changed(checked("more", port_.number(), 0)));
    EXPECT_EQ(status(kLoopback4, other_port_), 200U);
    EXPECT_EQ(status(kLoopback4, port_), 503U);
    EXPECT_EQ(listening(), 2U);
    EXPECT_THAT(events_.events, SizeIs(0));
}

TEST_F(HealthCheckPortsTest, FollowsTheNodePortAddresses) {
    strand_.run([this] {
        ports_->select(
            {.primary = false, .cidrs = {*Cidr::parse("127.0.0.0/8"), *Cidr::parse("::1/128")}});
    });
    auto plan = checked("web", port_.number(), 1, 1, FamilySet::both());
    Committed both;
    both.facts.nodeport_addresses = {kLoopback4, kLoopback6};
    sync(both.changed(plan));
    EXPECT_EQ(status(kLoopback4, port_), 200U);
    EXPECT_EQ(status(kLoopback6, port_), 200U);
    EXPECT_EQ(status(kOther4, port_), 0U);
    Committed other;
    other.facts.nodeport_addresses = {kOther4};
    sync(other);
    EXPECT_EQ(status(kLoopback4, port_), 0U);
    EXPECT_EQ(status(kOther4, port_), 200U);
    EXPECT_EQ(listening(), 1U);
    strand_.run([this] {
        ports_->select({.primary = false, .cidrs = {}});
        ports_->on_unchanged();
    });
    EXPECT_EQ(status(kLoopback4, port_), 200U);
    EXPECT_EQ(status(kLoopback6, port_), 200U);
    EXPECT_EQ(listening(), 2U);
}

TEST_F(HealthCheckPortsTest, APortInUseIsToldOnceAndTriedAgain) {
    std::optional<HttpServer> thief;
    strand_.run([&] {
        thief.emplace(*HttpServer::listen(strand_.io(), {unspecified(Family::ipv4), port_},
                                          [](const HttpRequest&) { return HttpResponse{}; }));
    });
    sync(Committed().changed(web(1)));
    sync(Committed().changed(web(2)));
    EXPECT_EQ(listening(), 0U);
    strand_.run([&] {
        ASSERT_THAT(events_.events, SizeIs(1));
        const auto& event = events_.events.front();
        EXPECT_EQ(event.kind, "Service");
        EXPECT_EQ(event.ns, "shop");
        EXPECT_EQ(event.name, "web");
        EXPECT_EQ(event.severity, EventSeverity::warning);
        EXPECT_EQ(event.reason, "FailedToStartServiceHealthcheck");
        EXPECT_THAT(event.message, HasSubstr("Address already in use"));
        thief.reset();
    });
    sync(Committed());
    EXPECT_EQ(listening(), 1U);
    const auto answer = http_get({kLoopback4, port_}, "/");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->headers.at("x-load-balancing-endpoint-weight"), "2");
}

TEST_F(HealthCheckPortsTest, AServiceInQuarantineStaysAsItWas) {
    sync(Committed().changed(web(1)));
    Committed refused;
    refused.quarantined.push_back({{"shop", "web"}, {}});
    sync(refused.changed(web(0)));
    EXPECT_EQ(status(kLoopback4, port_), 200U);
    Committed gone;
    gone.quarantined.push_back({{"shop", "web"}, {}});
    sync(gone.removed("web"));
    EXPECT_EQ(status(kLoopback4, port_), 200U);
}

}  // namespace
}  // namespace sy
