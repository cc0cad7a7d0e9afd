#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/api_server.h"
#include "tests/unit/support/api_client.h"

namespace sy::lab {
namespace {

using testing::HasSubstr;

constexpr const char* kWatch = "/api/v1/services?watch=1&resourceVersion=1000";

class FaultTest : public testing::Test {
  protected:
    FaultTest() { server.start(); }

    ClientAnswer get() { return ask(server, "/api/v1/services"); }

    TestApiServer server;
};

TEST_F(FaultTest, AnswersWithAStatusSoManyTimes) {
    ApiFault fault;
    fault.resource = "services";
    fault.status = 429;
    fault.retry_after = 3;
    fault.times = 2;
    server.inject(fault);
    EXPECT_EQ(ask(server, "/api/v1/nodes").status, 200U);
    EXPECT_EQ(get().status, 429U);
    EXPECT_THAT(get().head, HasSubstr("Retry-After: 3"));
    EXPECT_EQ(get().status, 200U);
}

TEST_F(FaultTest, CutsAfterSoManyBytes) {
    ApiFault fault;
    fault.cut_after = 20;
    server.inject(fault);
    const ClientAnswer answer = get();
    EXPECT_EQ(answer.status, 200U);
    EXPECT_FALSE(answer.complete);
    EXPECT_EQ(answer.body.size(), 20U - std::string("45\r\n").size());
    fault.cut = Cut::rst;
    server.inject(fault);
    EXPECT_FALSE(get().complete);
    EXPECT_TRUE(get().complete);
}

TEST_F(FaultTest, Drips) {
    ApiFault fault;
    fault.drip = 5;
    fault.drip_pause = std::chrono::milliseconds(0);
    server.inject(fault);
    EXPECT_TRUE(get().complete);
}

TEST_F(FaultTest, SilentUntilCut) {
    ApiFault fault;
    fault.silent = true;
    server.inject(fault);
    ClientRequest request;
    request.target = kWatch;
    TestClient client(server, request);
    while (server.requests("watch", "services") == 0) {
    }
    server.cut(Cut::rst);
    EXPECT_EQ(client.read().status, 0U);
}

TEST_F(FaultTest, CutsInMidEvent) {
    ClientRequest request;
    request.target = kWatch;
    TestClient client(server, request);
    client.read(0);
    server.cut(Cut::fin, true);
    EXPECT_FALSE(client.read().complete);
    EXPECT_THAT(client.read().body, testing::StartsWith(R"({"type":"BOOKMARK")"));
    EXPECT_TRUE(client.lines().empty());
}

TEST_F(FaultTest, RestartsOnTheSamePort) {
    const uint16_t port = server.port();
    ClientRequest request;
    request.target = kWatch;
    TestClient client(server, request);
    client.read(0);
    server.stop();
    EXPECT_FALSE(client.read().complete);
    EXPECT_EQ(get().status, 0U);
    server.start();
    EXPECT_EQ(server.port(), port);
    EXPECT_EQ(get().status, 200U);
}

TEST_F(FaultTest, FrozenThenThawed) {
    server.freeze(true);
    ClientRequest request;
    request.target = "/api/v1/services";
    TestClient client(server, request);
    EXPECT_EQ(server.requests("", ""), 0U);
    server.freeze(false);
    EXPECT_EQ(client.read().status, 200U);
}

class SecureTest : public testing::Test {
  protected:
    SecureTest() : server(options()) { server.start(); }

    ApiServerOptions options() const {
        ApiServerOptions options;
        options.certificate = authority.server({{}, {"127.0.0.1"}});
        options.client_authority = authority.certificate();
        options.tokens = {"good"};
        return options;
    }
    ClientRequest request(const std::string& token = {}) const {
        ClientRequest request;
        request.target = "/api/v1/services";
        request.authority = authority.certificate();
        if (!token.empty()) {
            request.headers = "Authorization: Bearer " + token + "\r\n";
        }
        return request;
    }

    CertificateAuthority authority;
    CertificateAuthority stranger;
    TestApiServer server;
};

TEST_F(SecureTest, TokensAreChecked) {
    EXPECT_EQ(ask(server, request()).status, 401U);
    EXPECT_EQ(ask(server, request("bad")).status, 401U);
    EXPECT_EQ(ask(server, request("good")).status, 200U);
    server.configure([](ApiServerOptions& options) { options.tokens = {"new"}; });
    EXPECT_EQ(ask(server, request("good")).status, 401U);
    EXPECT_EQ(ask(server, request("new")).status, 200U);
}

TEST_F(SecureTest, CertificatesAreChecked) {
    ClientRequest with = request();
    with.certificate = authority.client("system:kube-proxy");
    EXPECT_EQ(ask(server, with).status, 200U);
    EXPECT_EQ(server.requests().back().user, "system:kube-proxy");
    with.certificate = authority.client("system:kube-proxy", {}, kExpired);
    EXPECT_EQ(ask(server, with).status, 401U);
    with.certificate = stranger.client("system:kube-proxy");
    EXPECT_EQ(ask(server, with).status, 401U);
}

TEST_F(SecureTest, ForbidsByVerbAndResource) {
    server.configure([](ApiServerOptions& options) { options.forbidden = {{"list", "services"}}; });
    const ClientAnswer answer = ask(server, request("good"));
    EXPECT_EQ(answer.status, 403U);
    EXPECT_THAT(answer.body,
                HasSubstr(R"(services is forbidden: User \"token\" cannot list )"
                          R"(resource \"services\" in API group \"\" at the cluster)"));
}

TEST_F(SecureTest, StrangersAreNotTrusted) {
    ClientRequest with = request("good");
    with.authority = stranger.certificate();
    EXPECT_EQ(ask(server, with).status, 0U);
}

}  // namespace
}  // namespace sy::lab
