#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/api_server.h"
#include "tests/unit/support/api_client.h"

namespace sy::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string service(const std::string& name, const std::string& labels = "{}",
                    const std::string& ip = "10.96.0.1") {
    return R"({"apiVersion":"v1","kind":"Service","metadata":{"namespace":"a","name":")" + name +
           R"(","labels":)" + labels + R"(},"spec":{"clusterIP":")" + ip + R"("}})";
}

class ListTest : public testing::Test {
  protected:
    ListTest() : server(options()) { server.start(); }

    static ApiServerOptions options() {
        ApiServerOptions options;
        options.managed_fields = false;
        return options;
    }
    /// The names in a list, in order.
    static std::string names(const ClientAnswer& answer) {
        std::string result;
        const std::string key = R"("name":")";
        for (std::size_t at = 0; (at = answer.body.find(key, at)) != std::string::npos;) {
            at += key.size();
            result += answer.body.substr(at, answer.body.find('"', at) - at) + " ";
        }
        return result;
    }
    static std::string between(const std::string& text, const std::string& from) {
        const std::size_t at = text.find(from);
        return at == std::string::npos
                   ? ""
                   : text.substr(at + from.size(),
                                 text.find('"', at + from.size()) - at - from.size());
    }

    TestApiServer server;
};

TEST_F(ListTest, ItemsHaveNoKindAndAreInOrder) {
    server.put(service("b"));
    server.put(service("a"));
    const ClientAnswer answer = ask(server, "/api/v1/services");
    EXPECT_EQ(answer.status, 200U);
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(names(answer), "a b ");
    EXPECT_THAT(answer.body, HasSubstr(R"({"kind":"ServiceList","apiVersion":"v1","metadata":{)"
                                       R"("resourceVersion":"1002"},"items":[{"metadata":{)"));
    EXPECT_THAT(answer.body, Not(HasSubstr(R"("kind":"Service")")));
    EXPECT_THAT(ask(server, "/api/v1/namespaces/a/services/b").body,
                HasSubstr(R"({"kind":"Service","apiVersion":"v1","metadata":{)"));
    EXPECT_EQ(ask(server, "/api/v1/namespaces/a/services/c").status, 404U);
}

TEST_F(ListTest, SelectorsOfKubeProxy) {
    server.put(service("ours"));
    server.put(service("proxied", R"({"service.kubernetes.io/service-proxy-name":"x"})"));
    server.put(service("headless", "{}", "None"));
    EXPECT_EQ(names(ask(server,
                        "/api/v1/services?labelSelector=%21service.kubernetes.io%2F"
                        "service-proxy-name&fieldSelector=spec.clusterIP%21%3DNone")),
              "ours ");
    EXPECT_EQ(names(ask(server, "/api/v1/services?fieldSelector=metadata.name%3Dproxied")),
              "proxied ");
    EXPECT_EQ(names(ask(server,
                        "/api/v1/services?labelSelector=service.kubernetes.io%2F"
                        "service-proxy-name%3Dx")),
              "proxied ");
    EXPECT_EQ(ask(server, "/api/v1/services?fieldSelector=spec.colour%3Dred").status, 400U);
}

TEST_F(ListTest, PagesAreOfOneMoment) {
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        server.put(service(name));
    }
    const ClientAnswer first = ask(server, "/api/v1/services?limit=2");
    EXPECT_EQ(names(first), "a b ");
    EXPECT_THAT(first.body, HasSubstr(R"("remainingItemCount":3)"));
    server.put(service("f"));
    server.remove("services", "a", "c");
    const std::string token = between(first.body, R"("continue":")");
    const ClientAnswer second = ask(server, "/api/v1/services?limit=500&continue=" + token);
    EXPECT_EQ(names(second), "c d e ");
    EXPECT_EQ(between(second.body, R"("resourceVersion":")"), "1005");
    EXPECT_EQ(between(second.body, R"("continue":")"), "");
    server.compact();
    const ClientAnswer late = ask(server, "/api/v1/services?limit=2&continue=" + token);
    EXPECT_EQ(late.status, 410U);
    EXPECT_THAT(late.body, HasSubstr(R"("reason":"Expired")"));
    EXPECT_EQ(ask(server, "/api/v1/services?continue=nonsense").status, 400U);
}

TEST_F(ListTest, CachedListsAreNotPaged) {
    server.put(service("a"));
    server.put(service("b"));
    EXPECT_EQ(names(ask(server, "/api/v1/services?limit=1&resourceVersion=0")), "a b ");
}

TEST_F(ListTest, VersionsOfTheFutureAreNotThereYet) {
    const ClientAnswer answer = ask(server, "/api/v1/services?resourceVersion=2000");
    EXPECT_EQ(answer.status, 504U);
    EXPECT_THAT(answer.body, HasSubstr("Too large resource version: 2000, current: 1000"));
    EXPECT_EQ(ask(server, "/api/v1/services?resourceVersion=abc").status, 400U);
}

TEST_F(ListTest, BigListsComeInChunks) {
    BulkSpec bulk;
    bulk.services = 200;
    server.load(bulk);
    const ClientAnswer answer = ask(server, "/api/v1/services");
    EXPECT_TRUE(answer.complete);
    EXPECT_GT(answer.chunks, 5U);
    server.configure([](ApiServerOptions& options) { options.list_chunk = 1; });
    const ClientAnswer slow = ask(server, "/api/v1/services");
    EXPECT_EQ(slow.body, answer.body);
    EXPECT_EQ(slow.chunks, slow.body.size());
    const std::size_t each = answer.body.size() / 200;
    EXPECT_GT(each, 2000U) << "as large as real ones";
    EXPECT_LT(each, 3000U);
    EXPECT_GT(ask(server, "/apis/discovery.k8s.io/v1/endpointslices").body.size() / 200, 2000U);
}

TEST_F(ListTest, WritesFollowTheRules) {
    ClientRequest post{"POST", "/api/v1/namespaces/a/services", service("a"), {}, {}, {}};
    EXPECT_EQ(ask(server, post).status, 201U);
    EXPECT_EQ(ask(server, post).status, 409U);
    EXPECT_EQ(server.count("services"), 1U);
    ClientRequest event{"POST",
                        "/apis/events.k8s.io/v1/namespaces/default/events",
                        R"({"metadata":{"generateName":"x-"},"reason":"R"})",
                        {},
                        {},
                        {}};
    EXPECT_EQ(ask(server, event).status, 201U);
    ASSERT_EQ(ask(server, "/apis/events.k8s.io/v1/events").status, 200U);
    EXPECT_THAT(ask(server, "/apis/events.k8s.io/v1/events").body, HasSubstr(R"("reason":"R")"));
    ClientRequest patch{"PATCH",
                        "/api/v1/namespaces/a/services/a",
                        R"({"metadata":{"labels":{"x":"y"}},"spec":{"clusterIP":null}})",
                        "Content-Type: application/merge-patch+json\r\n",
                        {},
                        {}};
    EXPECT_EQ(ask(server, patch).status, 200U);
    EXPECT_THAT(*server.get("services", "a", "a"), HasSubstr(R"("labels":{"x":"y"})"));
    EXPECT_THAT(*server.get("services", "a", "a"), Not(HasSubstr("clusterIP")));
    ClientRequest stale{
        "PUT", "/api/v1/namespaces/a/services/a", R"({"metadata":{"resourceVersion":"1"}})", {}, {},
        {}};
    EXPECT_EQ(ask(server, stale).status, 409U);
    ClientRequest gone{"DELETE", "/api/v1/namespaces/a/services/a", {}, {}, {}, {}};
    EXPECT_EQ(ask(server, gone).status, 200U);
    EXPECT_EQ(ask(server, gone).status, 404U);
}

TEST_F(ListTest, DiscoveryKnowsWhatIsAbsent) {
    EXPECT_THAT(ask(server, "/version").body, HasSubstr(R"("minor":"36")"));
    EXPECT_THAT(ask(server, "/apis").body, HasSubstr("networking.k8s.io"));
    EXPECT_EQ(ask(server, "/apis/networking.k8s.io/v1/servicecidrs").status, 200U);
    server.configure(
        [](ApiServerOptions& options) { options.absent_groups.insert("networking.k8s.io"); });
    EXPECT_THAT(ask(server, "/apis").body, Not(HasSubstr("networking.k8s.io")));
    EXPECT_EQ(ask(server, "/apis/networking.k8s.io/v1/servicecidrs").status, 404U);
    EXPECT_EQ(ask(server, "/apis/networking.k8s.io/v1").status, 404U);
}

TEST_F(ListTest, CountsRequests) {
    ask(server, "/api/v1/services");
    ask(server, "/api/v1/nodes/x");
    EXPECT_EQ(server.requests("list", "services"), 1U);
    EXPECT_EQ(server.requests("", ""), 2U);
    EXPECT_EQ(server.requests().back().status, 404U);
    server.forget_requests();
    EXPECT_EQ(server.requests("", ""), 0U);
}

}  // namespace
}  // namespace sy::lab
