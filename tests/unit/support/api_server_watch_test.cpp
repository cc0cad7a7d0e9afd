#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/api_server.h"
#include "tests/unit/support/api_client.h"

namespace sy::lab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kOurs =
    "/api/v1/services?watch=true&allowWatchBookmarks=true&labelSelector=%21proxy";
constexpr const char* kStreamed = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";

std::string service(const std::string& name, const std::string& labels = "{}") {
    return R"({"apiVersion":"v1","kind":"Service","metadata":{"namespace":"a","name":")" + name +
           R"(","labels":)" + labels + R"(},"spec":{}})";
}

auto event(const std::string& type, const std::string& name, int version) {
    return AllOf(HasSubstr(R"({"type":")" + type + R"(","object":{"kind":"Service",)"),
                 HasSubstr(R"("name":")" + name + '"'),
                 HasSubstr(R"("resourceVersion":")" + std::to_string(version) + '"'));
}

class WatchTest : public testing::Test {
  protected:
    WatchTest() { server.start(); }

    std::unique_ptr<TestClient> watch(const std::string& more) {
        ClientRequest request;
        request.target = kOurs + more;
        auto client = std::make_unique<TestClient>(server, request);
        client->read(0);
        return client;
    }

    TestApiServer server;
};

TEST_F(WatchTest, SaysWhatHappensAfterAVersion) {
    server.put(service("a"));
    const auto client = watch("&resourceVersion=1001");
    server.put(service("b"));
    server.put(service("a"));
    server.remove("services", "a", "b");
    client->read(3);
    EXPECT_THAT(client->lines(),
                ElementsAre(event("ADDED", "b", 1002), event("MODIFIED", "a", 1003),
                            event("DELETED", "b", 1004)));
    EXPECT_EQ(server.watches("services"), 1U);
}

TEST_F(WatchTest, BeginsWithAllWithoutAVersion) {
    server.put(service("a"));
    const auto client = watch("&resourceVersion=0");
    server.put(service("b"));
    client->read(2);
    EXPECT_THAT(client->lines(), ElementsAre(event("ADDED", "a", 1001), event("ADDED", "b", 1002)));
}

TEST_F(WatchTest, LeavingTheSelectorIsADeletion) {
    server.put(service("a"));
    const auto client = watch("&resourceVersion=1001");
    server.put(service("a", R"({"proxy":"x"})"));
    server.put(service("a", R"({"proxy":"y"})"));
    server.put(service("a"));
    client->read(2);
    EXPECT_THAT(client->lines(),
                ElementsAre(event("DELETED", "a", 1002), event("ADDED", "a", 1004)));
    EXPECT_THAT(client->lines()[0], Not(HasSubstr("proxy")));
}

TEST_F(WatchTest, StreamsTheInitialListAndMarksItsEnd) {
    server.put(service("a"));
    const auto client = watch(kStreamed);
    client->read(2);
    server.put(service("b"));
    client->read(3);
    EXPECT_THAT(client->lines(),
                ElementsAre(event("ADDED", "a", 1001),
                            AllOf(HasSubstr(R"("type":"BOOKMARK")"),
                                  HasSubstr(R"("resourceVersion":"1001")"),
                                  HasSubstr(R"("k8s.io/initial-events-end":"true")")),
                            event("ADDED", "b", 1002)));
}

TEST_F(WatchTest, OldServersRefuseOrIgnoreStreaming) {
    server.configure([](ApiServerOptions& options) { options.watch_list = WatchList::invalid; });
    ClientRequest request;
    request.target = std::string(kOurs) + kStreamed;
    const ClientAnswer refused = ask(server, request);
    EXPECT_EQ(refused.status, 422U);
    EXPECT_THAT(refused.body, HasSubstr("WatchList feature gate"));
    server.put(service("a"));
    server.configure([](ApiServerOptions& options) { options.watch_list = WatchList::ignored; });
    const auto client = watch(kStreamed);
    server.put(service("b"));
    client->read(2);
    EXPECT_THAT(client->lines(), ElementsAre(event("ADDED", "a", 1001), event("ADDED", "b", 1002)));
}

TEST_F(WatchTest, BookmarksAreForThoseWhoWantThem) {
    const auto client = watch("&resourceVersion=1000");
    ClientRequest request;
    request.target = "/api/v1/services?watch=true&resourceVersion=1000";
    TestClient without(server, request);
    without.read(0);
    server.put(service("a", R"({"proxy":"x"})"));
    server.send_bookmarks();
    client->read(1);
    server.put(service("b"));
    client->read(2);
    without.read(2);
    EXPECT_THAT(client->lines(), ElementsAre(HasSubstr(R"("metadata":{"resourceVersion":"1001")"),
                                             event("ADDED", "b", 1002)));
    EXPECT_THAT(without.lines(), ElementsAre(event("ADDED", "a", 1001), event("ADDED", "b", 1002)));
}

TEST_F(WatchTest, TooOldIsGone) {
    server.put(service("a"));
    server.compact();
    const auto client = watch("&resourceVersion=1000");
    EXPECT_TRUE(client->read().complete);
    EXPECT_THAT(client->lines(),
                ElementsAre(AllOf(HasSubstr(R"({"type":"ERROR","object":{"kind":"Status")"),
                                  HasSubstr(R"("code":410)"))));
    server.configure([](ApiServerOptions& options) { options.gone_as = GoneAs::http; });
    EXPECT_EQ(watch("&resourceVersion=1000")->read().status, 410U);
}

TEST_F(WatchTest, CompactionDoesNotHurtThoseWhoWatch) {
    const auto client = watch("&resourceVersion=1000");
    server.put(service("a"));
    server.compact();
    client->read(1);
    EXPECT_THAT(client->lines(), ElementsAre(event("ADDED", "a", 1001)));
}

TEST_F(WatchTest, ExpiresOnDemand) {
    const auto client = watch("&resourceVersion=1000");
    server.expire_watches("services");
    EXPECT_TRUE(client->read().complete);
    EXPECT_THAT(client->lines(), ElementsAre(HasSubstr(R"("code":410)")));
}

TEST_F(WatchTest, EndsWhenItsTimeIsUp) {
    const auto client = watch("&resourceVersion=1000&timeoutSeconds=0");
    EXPECT_TRUE(client->read().complete);
    EXPECT_EQ(client->read().status, 200U);
}

TEST_F(WatchTest, DuplicatesAndReordersOnDemand) {
    server.configure([](ApiServerOptions& options) {
        options.duplicate_events = true;
        options.reorder_events = true;
    });
    const std::string all = service("a") + "\n---\n" + service("b") + "\n---\n" + service("a");
    const auto client = watch("&resourceVersion=1000");
    server.put_all(all);
    client->read(6);
    EXPECT_THAT(client->lines(),
                ElementsAre(event("ADDED", "b", 1002), event("ADDED", "b", 1002),
                            event("ADDED", "a", 1001), event("ADDED", "a", 1001),
                            event("MODIFIED", "a", 1003), event("MODIFIED", "a", 1003)));
}

TEST_F(WatchTest, EventsMayBeSplit) {
    server.configure([](ApiServerOptions& options) { options.event_chunk = 7; });
    server.put(service("a"));
    const auto client = watch("&resourceVersion=0");
    const ClientAnswer answer = client->read(1);
    EXPECT_EQ(answer.chunks, (answer.body.size() + 6) / 7);
    EXPECT_THAT(client->lines(), ElementsAre(event("ADDED", "a", 1001)));
}

TEST_F(WatchTest, ChangesOfOneOfMany) {
    BulkSpec bulk;
    bulk.services = 10;
    server.load(bulk);
    ClientRequest request;
    request.target = "/apis/discovery.k8s.io/v1/endpointslices?watch=1&resourceVersion=" +
                     std::to_string(server.resource_version());
    TestClient client(server, request);
    client.read(0);
    server.change_slice(bulk, 3, 1);
    client.read(1);
    EXPECT_THAT(client.lines(), ElementsAre(AllOf(HasSubstr(R"("type":"MODIFIED")"),
                                                  HasSubstr(R"("name":"bulk-3-x7k2p")"),
                                                  HasSubstr("11.128.0.13"))));
}

TEST_F(WatchTest, RawObjectsArriveToTheLetter) {
    const auto client = watch("&resourceVersion=1000");
    server.put_raw("services", "a", "bad", R"({"kind":17})");
    client->read(1);
    EXPECT_THAT(client->lines(), ElementsAre(R"({"type":"ADDED","object":{"kind":17}})"));
}

}  // namespace
}  // namespace sy::lab
