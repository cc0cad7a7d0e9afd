#include "http/server.h"

#include <gmock/gmock.h>

#include <optional>
#include <thread>
#include <vector>

#include "tests/support/http_probe.h"
#include "tests/support/strand.h"

namespace sy {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const IpAddr kLoopback4 = IpAddr::v4(127, 0, 0, 1);
const IpAddr kLoopback6 = *IpAddr::parse("::1");

/// The server on a thread of its own, asked with plain sockets.
class HttpServerTest : public testing::Test {
  protected:
    ~HttpServerTest() override {
        strand_.run([this] { server_.reset(); });
    }

    void listen(const HttpLimits& limits = {}, const IpAddr& ip = kLoopback4,
                HttpServer::Wildcard wildcard = HttpServer::Wildcard::own_family) {
        strand_.run([&] {
            auto server = HttpServer::listen(
                strand_.io(), {ip, Port(0)},
                [this](const HttpRequest& request) { return reply(request); }, wildcard, limits);
            ASSERT_TRUE(server) << server.error().message();
            server_.emplace(std::move(*server));
            port_ = server_->port();
        });
    }

    std::size_t connections() {
        return strand_.run([this] { return server_->connections(); });
    }

    HttpProbe connect(const IpAddr& ip = kLoopback4) {
        auto probe = HttpProbe::connect({ip, port_});
        EXPECT_TRUE(probe) << probe.error().message();
        return std::move(*probe);
    }

    HttpReply reply(const HttpRequest& request) {
        HttpReply out = handle(request);
        if (request.path == "/later") {
            out.body_later = [this](HttpReply::Body body) { bodies_.push_back(std::move(body)); };
        }
        return out;
    }

    static HttpResponse handle(const HttpRequest& request) {
        HttpResponse response;
        response.body = std::string(request.method) + " " + std::string(request.path) + " (" +
                        std::string(request.query) + ")";
        if (request.path == "/gone") {
            response.status = 503;
            response.headers.emplace_back("X-Test", "yes");
            response.content_type = "application/json";
        }
        return response;
    }

    /// Waits until that many bodies are asked for.
    void await_bodies(std::size_t count) {
        while (strand_.run([this] { return bodies_.size(); }) < count) {
            std::this_thread::yield();
        }
    }

    Strand strand_;
    std::optional<HttpServer> server_;
    Port port_;
    /// For the requests of /later.
    std::vector<HttpReply::Body> bodies_;
};

TEST_F(HttpServerTest, AnswersWithStatusHeadersAndBody) {
    listen();
    const auto answer = http_get({kLoopback4, port_}, "/gone?why=not");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->status, 503U);
    EXPECT_EQ(answer->body, "GET /gone (why=not)");
    EXPECT_EQ(answer->headers.at("x-test"), "yes");
    EXPECT_EQ(answer->headers.at("content-type"), "application/json");
}

TEST_F(HttpServerTest, ABodyMayComeLater) {
    listen();
    auto client = connect();
    ASSERT_TRUE(
        client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                    "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"));
    await_bodies(1);
    strand_.run([this] { bodies_.front()("at last"); });
    const auto answer = client.receive();
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "at last");
    EXPECT_EQ(client.receive()->body, "GET /next ()");
}

TEST_F(HttpServerTest, ABodyMayComeTooLate) {
    listen();
    auto patient = connect();
    {
        auto client = connect();
        ASSERT_TRUE(client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
        await_bodies(1);
    }
    ASSERT_TRUE(patient.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
    await_bodies(2);
    strand_.run([this] { bodies_.front()("for nobody"); });
    EXPECT_EQ(http_get({kLoopback4, port_}, "/")->status, 200U);
    strand_.run([this] {
        server_.reset();
        bodies_.back()("for nobody");
    });
    EXPECT_TRUE(patient.ended());
}

TEST_F(HttpServerTest, OneConnectionTakesManyRequestsPipelinedOnesToo) {
    listen();
    auto probe = connect();
    ASSERT_TRUE(probe.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(probe.receive()->body, "GET /a ()");
    EXPECT_EQ(probe.receive()->body, "GET /b ()");
    ASSERT_TRUE(probe.send("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"));
    EXPECT_EQ(probe.receive()->body, "POST /c ()");
    EXPECT_EQ(connections(), 1U);
}

TEST_F(HttpServerTest, HeadHasTheLengthButNoBody) {
    listen();
    auto probe = connect();
    ASSERT_TRUE(probe.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    const auto answer = probe.receive(true);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->headers.at("content-length"), "10");
    ASSERT_TRUE(probe.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(probe.receive()->body, "GET /a ()");
}

TEST_F(HttpServerTest, AnOldClientIsAnsweredAndLeft) {
    listen();
    auto probe = connect();
    ASSERT_TRUE(probe.send("GET /a HTTP/1.0\r\n\r\n"));
    EXPECT_EQ(probe.receive()->body, "GET /a ()");
    EXPECT_TRUE(probe.ended());
}

TEST_F(HttpServerTest, WhatIsNotHttpIsRefused) {
    listen();
    for (const auto* bytes :
         {"\x16\x03\x01 hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9\r\n\r\n"}) {
        auto probe = connect();
        ASSERT_TRUE(probe.send(bytes));
        const auto answer = probe.receive();
        ASSERT_TRUE(answer) << answer.error().message();
        EXPECT_EQ(answer->status, 400U);
        EXPECT_TRUE(probe.ended());
    }
}

TEST_F(HttpServerTest, TooMuchIsRefused) {
    listen({.header_bytes = 256, .body_bytes = 10});
    auto header = connect();
    ASSERT_TRUE(header.send("GET / HTTP/1.1\r\nX: " + std::string(400, 'x') + "\r\n\r\n"));
    EXPECT_EQ(header.receive()->status, 431U);
    auto body = connect();
    ASSERT_TRUE(body.send("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n12345678901"));
    EXPECT_EQ(body.receive()->status, 413U);
}

TEST_F(HttpServerTest, ASlowClientIsCutOff) {
    listen({.patience = 50ms});
    auto silent = connect();
    EXPECT_TRUE(silent.ended());
    auto slow = connect();
    ASSERT_TRUE(slow.send("GET / HT"));
    EXPECT_TRUE(slow.ended());
    while (connections() > 0) {
    }
}

TEST_F(HttpServerTest, TheIdlestConnectionMakesRoom) {
    listen({.connections = 2});
    auto first = connect();
    ASSERT_TRUE(first.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(first.receive());
    auto second = connect();
    ASSERT_TRUE(second.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(second.receive());
    // The first one speaks again, so the second is the idlest.
    ASSERT_TRUE(first.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(first.receive());
    auto third = connect();
    ASSERT_TRUE(third.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(third.receive()->body, "GET /b ()");
    EXPECT_TRUE(second.ended());
    ASSERT_TRUE(first.send("GET /c HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(first.receive()->body, "GET /c ()");
}

TEST_F(HttpServerTest, DestructionClosesEverything) {
    listen();
    auto probe = connect();
    ASSERT_TRUE(probe.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(probe.receive());
    strand_.run([this] { server_.reset(); });
    EXPECT_TRUE(probe.ended());
    EXPECT_FALSE(HttpProbe::connect({kLoopback4, port_}));
}

TEST_F(HttpServerTest, ATakenPortIsAnError) {
    listen();
    strand_.run([this] {
        const auto second =
            HttpServer::listen(strand_.io(), {kLoopback4, port_}, &HttpServerTest::handle);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, EADDRINUSE);
        EXPECT_THAT(second.error().message(), HasSubstr("127.0.0.1:"));
    });
    EXPECT_TRUE(http_get({kLoopback4, port_}, "/"));
}

TEST_F(HttpServerTest, AFamilyKeepsToItself) {
    listen({}, unspecified(Family::ipv6));
    EXPECT_FALSE(HttpProbe::connect({kLoopback4, port_}));
    EXPECT_TRUE(http_get({kLoopback6, port_}, "/"));
    strand_.run([this] {
        EXPECT_TRUE(HttpServer::listen(strand_.io(), {unspecified(Family::ipv4), port_},
                                       &HttpServerTest::handle))
            << "the other family's port is free";
    });
}

TEST_F(HttpServerTest, AWildcardForBothFamilies) {
    listen({}, unspecified(Family::ipv4), HttpServer::Wildcard::both_families);
    EXPECT_TRUE(http_get({kLoopback4, port_}, "/"));
    EXPECT_TRUE(http_get({kLoopback6, port_}, "/"));
}

}  // namespace
}  // namespace sy
