#include "kube/event_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace sy {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

const ClusterEvent kService{.kind = "Service",
                            .ns = "shop",
                            .name = "web",
                            .severity = EventSeverity::warning,
                            .reason = "FailedToStartServiceHealthcheck",
                            .message = "port 30001 is taken"};
const ClusterEvent kNode{.kind = "Node",
                         .ns = "",
                         .name = "n1",
                         .severity = EventSeverity::normal,
                         .reason = "Starting",
                         .message = ""};
const EventContext kHere{.node = "n1",
                         .time = std::chrono::sys_days(2026y / 1 / 2) + 3h + 4min + 5s + 678us,
                         .untold = 0};

TEST(EventJson, OfAService) {
    EXPECT_EQ(event_target(kService), "/apis/events.k8s.io/v1/namespaces/shop/events");
    EXPECT_EQ(
        event_body(kService, kHere),
        R"({"apiVersion":"events.k8s.io/v1","kind":"Event",)"
        R"("metadata":{"name":"web.1886caf21ca08a70","namespace":"shop"},)"
        R"("eventTime":"2026-01-02T03:04:05.000678Z","reportingController":"switchyard",)"
        R"("reportingInstance":"n1","reason":"FailedToStartServiceHealthcheck",)"
        R"("action":"FailedToStartServiceHealthcheck","type":"Warning",)"
        R"("note":"port 30001 is taken",)"
        R"("regarding":{"apiVersion":"v1","kind":"Service","name":"web","namespace":"shop"}})");
}

TEST(EventJson, OfANode) {
    EXPECT_EQ(event_target(kNode), "/apis/events.k8s.io/v1/namespaces/default/events");
    const auto body = event_body(kNode, kHere);
    EXPECT_THAT(body, HasSubstr(R"("namespace":"default")"));
    EXPECT_THAT(body, HasSubstr(R"("type":"Normal")"));
    EXPECT_THAT(
        body, EndsWith(R"("regarding":{"apiVersion":"v1","kind":"Node","name":"n1","uid":"n1"}})"));
}

std::string text_at(const std::string& body, std::string_view pointer) {
    simdjson::dom::parser parser;
    return std::string(std::string_view(parser.parse(body).at_pointer(pointer)));
}

TEST(EventJson, UntrustedTextStaysText) {
    auto event = kService;
    event.message = "a\"b\\\n\x01\xff";
    event.reason = "R\"";
    event.ns = "../x?y";
    const auto body = event_body(event, kHere);
    EXPECT_EQ(text_at(body, "/note"), R"(a"b\\x0a\x01\xff)");
    EXPECT_EQ(text_at(body, "/reason"), "R\"");
    EXPECT_EQ(event_target(event), "/apis/events.k8s.io/v1/namespaces/..%2Fx%3Fy/events");
}

TEST(EventJson, LongTextsAreCutToWhatTheApiTakes) {
    auto event = kService;
    event.message = std::string(5000, 'x');
    event.name = std::string(235, 'n') + std::string(18, '-');
    auto here = kHere;
    here.node = std::string(253, 'h');
    here.untold = 4'000'000'000;
    const auto body = event_body(event, here);
    EXPECT_LE(text_at(body, "/note").size(), 1024U);
    EXPECT_THAT(text_at(body, "/note"), EndsWith("(4000000000 times more since last told)"));
    EXPECT_LE(text_at(body, "/metadata/name").size(), 253U);
    EXPECT_THAT(text_at(body, "/metadata/name"), StartsWith(std::string(235, 'n') + '.'));
    EXPECT_EQ(text_at(body, "/reportingInstance").size(), 128U);
}

}  // namespace
}  // namespace sy
