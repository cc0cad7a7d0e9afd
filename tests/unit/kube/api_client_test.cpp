// The client over plain TCP: HTTP, time limits, addresses.
#include "kube/api_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <string>

#include "client_fixture.h"
#include "script_server.h"

namespace sy {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ApiClientTest : public ClientFixture {
  protected:
    void connect_to(const ScriptServer& server) { connect(access_to("127.0.0.1", server.port())); }
};

TEST_F(ApiClientTest, SendsARequestAndStreamsTheAnswer) {
    std::string seen;
    const ScriptServer server([&seen](Peer& peer) {
        seen = peer.request();
        peer.write(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        peer.write("2\r\nde\r\n0\r\n\r\n");
    });
    auto access = access_to("127.0.0.1", server.port());
    access.server.base_path = "/k8s/c-1";
    access.token.text = "t0ken";
    options.user_agent = user_agent_of("1.2");
    connect(access);
    get({.target = "/api/v1/nodes?x=y"});
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.status(), 200U);
    EXPECT_EQ(recorder.head->content_type, "application/json");
    EXPECT_EQ(recorder.body, "abcde");
    EXPECT_THAT(
        seen, StartsWith("GET /k8s/c-1/api/v1/nodes?x=y HTTP/1.1\r\nHost: 127.0.0.1:" +
                         std::to_string(server.port()) + "\r\nUser-Agent: switchyard/1.2 (linux/"));
    EXPECT_THAT(seen, HasSubstr("Authorization: Bearer t0ken\r\n"));
    EXPECT_THAT(answers, ElementsAre("GET 200"));
    EXPECT_EQ(answering_host, "127.0.0.1:" + std::to_string(server.port()));
}

TEST_F(ApiClientTest, PostsABody) {
    std::string seen;
    const ScriptServer server([&seen](Peer& peer) {
        seen = peer.request();
        peer.write("HTTP/1.1 100 Continue\r\n\r\n" + answer(201, "{}"));
    });
    connect_to(server);
    get({.method = "POST", .target = "/x", .body = R"({"a":1})"});
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.status(), 201U);
    EXPECT_THAT(seen, AllOf(HasSubstr("Content-Length: 7\r\n"), HasSubstr("\r\n\r\n{\"a\":1}")));
}

TEST_F(ApiClientTest, UsesBasicAuthentication) {
    std::string seen;
    const ScriptServer server([&seen](Peer& peer) {
        seen = peer.request();
        peer.write(answer(200, ""));
    });
    auto access = access_to("127.0.0.1", server.port());
    access.username = "u";
    access.password = "p";
    connect(access);
    get();
    EXPECT_THAT(seen, HasSubstr("Authorization: Basic dTpw\r\n"));
}

TEST_F(ApiClientTest, HandsOnWhatArrivesWithoutWaitingForMore) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nfirst");
        peer.wait_for_end();
    });
    connect_to(server);
    const auto call = client->send({.target = "/x", .body_timeout = milliseconds(0)}, recorder);
    run_until([this] { return recorder.body == "first"; });
    EXPECT_FALSE(recorder.end);
}

TEST_F(ApiClientTest, EveryStatusIsAnAnswer) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write(answer(429, "wait", "Retry-After: 3\r\n"));
    });
    connect_to(server);
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.status(), 429U);
    EXPECT_EQ(recorder.head->retry_after, std::chrono::seconds(3));
    EXPECT_EQ(recorder.body, "wait");
}

TEST_F(ApiClientTest, RedirectsAreRefused) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write(answer(302, "", "Location: https://elsewhere/\r\n"));
    });
    connect_to(server);
    get();
    EXPECT_FALSE(recorder.head);
    EXPECT_THAT(recorder.error(), HasSubstr("redirects to \"https://elsewhere/\""));
}

TEST_F(ApiClientTest, CutAnswersAreErrors) {
    const std::string whole =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    std::atomic<std::size_t> length = 0;
    const ScriptServer server([&](Peer& peer) {
        peer.request();
        peer.write(whole.substr(0, length));
    });
    connect_to(server);
    for (const std::size_t cut : {0, 10, 47, 50, 55, 60}) {
        length = cut;
        recorder = {};
        get();
        EXPECT_THAT(recorder.error(), StartsWith("127.0.0.1:" + std::to_string(server.port())));
    }
    EXPECT_THAT(answers, ElementsAre("GET 0", "GET 0", "GET 200", "GET 200", "GET 200", "GET 200"));
}

TEST_F(ApiClientTest, NobodyListens) {
    uint16_t port = 0;
    {
        const ScriptServer server([](Peer&) {});
        port = server.port();
    }
    connect(access_to("127.0.0.1", port));
    get();
    EXPECT_EQ(recorder.error(),
              "127.0.0.1:" + std::to_string(port) + ": connect: Connection refused");
    EXPECT_THAT(answers, ElementsAre("GET 0"));
}

TEST_F(ApiClientTest, ASlowHeadIsAnError) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write("HTTP/1.1 200");
        peer.wait_for_end();
    });
    connect_to(server);
    get({.target = "/x", .head_timeout = milliseconds(100)});
    EXPECT_THAT(recorder.error(), HasSubstr("no answer in time"));
}

TEST_F(ApiClientTest, SilenceInTheBodyIsAnErrorIfALimitIsSet) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
        peer.wait_for_end();
    });
    connect_to(server);
    get({.target = "/x", .body_timeout = milliseconds(100)});
    EXPECT_EQ(recorder.body, "ab");
    EXPECT_THAT(recorder.error(), HasSubstr("fell silent"));
}

TEST_F(ApiClientTest, ASilentWatchHasNoTimer) {
    std::atomic<bool> go_on = false;
    const ScriptServer server([&go_on](Peer& peer) {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
        go_on.wait(false);
        peer.write("2\r\ncd\r\n0\r\n\r\n");
    });
    connect_to(server);
    const auto call = client->send({.target = "/x", .body_timeout = milliseconds(0)}, recorder);
    run_until([this] { return recorder.body == "ab"; });
    io.restart();
    io.poll();  // the end of the timer that limited the head
    io.restart();
    EXPECT_EQ(io.run_for(milliseconds(50)), 0U);
    go_on = true;
    go_on.notify_all();
    run_until([this] { return recorder.end.has_value(); });
    EXPECT_EQ(recorder.body, "abcd");
    EXPECT_EQ(recorder.error(), "");
}

TEST_F(ApiClientTest, TriesAllAddressesOfAName) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write(answer(200, "ok"));
    });
    options.resolve = [](const std::string& host) -> Result<std::vector<IpAddr>> {
        EXPECT_EQ(host, "api.test");
        return std::vector{IpAddr::v4(127, 0, 0, 2), IpAddr::v4(127, 0, 0, 1)};
    };
    connect(access_to("api.test", server.port()));
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.body, "ok");
}

TEST_F(ApiClientTest, TriesAnAddressThatDidNotAnswerLast) {
    const ScriptServer silent([](Peer& peer) { peer.wait_for_end(); }, std::nullopt, "127.0.0.2");
    const ScriptServer server(
        [](Peer& peer) {
            peer.request();
            peer.write(answer(200, "ok"));
        },
        std::nullopt, "127.0.0.1", silent.port());
    options.resolve = [](const std::string&) -> Result<std::vector<IpAddr>> {
        return std::vector{IpAddr::v4(127, 0, 0, 2), IpAddr::v4(127, 0, 0, 1)};
    };
    connect(access_to("api.test", server.port()));
    get({.target = "/x", .head_timeout = milliseconds(100)});
    EXPECT_THAT(recorder.error(), AllOf(HasSubstr("no answer in time"), HasSubstr("(127.0.0.2)")));
    recorder = {};
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.body, "ok");
}

TEST_F(ApiClientTest, NamesAllAddressesThatFailed) {
    uint16_t port = 0;
    {
        const ScriptServer server([](Peer&) {});
        port = server.port();
    }
    options.resolve = [](const std::string&) -> Result<std::vector<IpAddr>> {
        return std::vector{IpAddr::v4(127, 0, 0, 2), IpAddr::v4(127, 0, 0, 3)};
    };
    connect(access_to("api.test", port));
    get();
    EXPECT_THAT(recorder.error(), AllOf(HasSubstr("api.test:" + std::to_string(port) +
                                                  " (127.0.0.2): connect: Connection refused"),
                                        HasSubstr("(127.0.0.3): connect: Connection refused")));
}

TEST_F(ApiClientTest, ANameWithoutAddressIsAnError) {
    options.resolve = [](const std::string&) -> Result<std::vector<IpAddr>> {
        return fail("look up: Name or service not known");
    };
    connect(access_to("api.test", 1));
    get();
    EXPECT_EQ(recorder.error(), "api.test:1: look up: Name or service not known");
}

TEST_F(ApiClientTest, TheSystemResolvesLocalhost) {
    const auto addresses = resolve_host("localhost");
    ASSERT_TRUE(addresses) << addresses.error().message();
    EXPECT_TRUE(addresses->front().is_loopback());
}

TEST_F(ApiClientTest, AnUnescapedTargetIsNotSent) {
    const ScriptServer server([](Peer& peer) { peer.wait_for_end(); });
    connect_to(server);
    get({.target = "/a b"});
    EXPECT_THAT(recorder.error(), HasSubstr("not escaped"));
    EXPECT_EQ(server.connections(), 0U);
}

// -- several calls --------------------------------------------------------------------------------

TEST_F(ApiClientTest, AHandlerMaySendTheNextRequest) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write(answer(200, "ok"));
    });
    connect_to(server);
    Recorder second;
    std::unique_ptr<ApiCall> call;
    recorder.at_end = [&] { call = client->send({.target = "/y"}, second); };
    call = client->send({.target = "/x"}, recorder);
    run_until([&second] { return second.end.has_value(); });
    EXPECT_EQ(second.body, "ok");
}

TEST_F(ApiClientTest, CallsOutliveTheClient) {
    const ScriptServer server([](Peer& peer) {
        peer.request();
        peer.write(answer(200, "ok"));
    });
    connect_to(server);
    const auto call = client->send({.target = "/x"}, recorder);
    client.reset();
    run_until([this] { return recorder.end.has_value(); });
    EXPECT_EQ(recorder.body, "ok");
}

TEST_F(ApiClientTest, ManyCallsAtOnce) {
    const ScriptServer server([](Peer& peer) {
        const auto request = peer.request();
        peer.write(answer(200, request.substr(0, request.find(" HTTP"))));
    });
    connect_to(server);
    std::vector<std::unique_ptr<Recorder>> recorders;
    std::vector<std::unique_ptr<ApiCall>> calls;
    for (int i = 0; i < 20; ++i) {
        recorders.push_back(std::make_unique<Recorder>());
        calls.push_back(client->send({.target = '/' + std::to_string(i)}, *recorders.back()));
    }
    for (std::size_t i = 0; i < recorders.size(); ++i) {
        run_until([&] { return recorders[i]->end.has_value(); });
        EXPECT_EQ(recorders[i]->body, "GET /" + std::to_string(i));
    }
}

// -- size -----------------------------------------------------------------------------------------

long peak_kib() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

TEST_F(ApiClientTest, BodiesOfAnySizeTakeConstantMemory) {
    constexpr std::size_t kPieces = 3200;
    const std::string piece = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    const ScriptServer server([&piece](Peer& peer) {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (std::size_t i = 0; i < kPieces && peer.write(piece); ++i) {
        }
        peer.write("0\r\n\r\n");
    });
    connect_to(server);
    recorder.keep = false;
    const auto before = peak_kib();
    get();
    EXPECT_EQ(recorder.error(), "");
    EXPECT_EQ(recorder.size, kPieces * 0x10000);
    EXPECT_LT(peak_kib() - before, 16L * 1024);
}

}  // namespace
}  // namespace sy
