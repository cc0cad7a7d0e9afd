#include "kube/event_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "test_log.h"

namespace sy {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Keeps requests until the test answers them.
class FakeClient : public ApiClient {
  public:
    std::unique_ptr<ApiCall> send(ApiRequest request, ApiHandler& handler) override {
        requests.push_back(std::move(request));
        open_ = &handler;
        return std::make_unique<FakeCall>(*this);
    }

    bool waiting() const { return open_ != nullptr; }
    void answer(unsigned status, std::optional<std::chrono::seconds> retry_after = std::nullopt) {
        ApiHandler* const handler = std::exchange(open_, nullptr);
        handler->on_head({.status = status, .retry_after = retry_after, .content_type = {}});
        handler->on_end({});
    }
    void break_off() { std::exchange(open_, nullptr)->on_end(fail("cut", "server")); }

    std::vector<ApiRequest> requests;

  private:
    struct FakeCall : ApiCall {
        explicit FakeCall(FakeClient& owner) : client(owner) {}
        FakeCall(const FakeCall&) = delete;
        FakeCall& operator=(const FakeCall&) = delete;
        ~FakeCall() override { client.open_ = nullptr; }
        FakeClient& client;
    };

    ApiHandler* open_ = nullptr;
};

class EventRecorderTest : public ::testing::Test {
  protected:
    EventRecorderTest() { restart(milliseconds(1)); }

    void restart(milliseconds period) {
        recorder = make_event_recorder(io, client, log,
                                       {.node = "n1",
                                        .on_dropped = [this] { ++dropped; },
                                        .clock = clock,
                                        .retry_pause = milliseconds(1),
                                        .period = period});
    }

    void record(const std::string& name) {
        recorder->record({.kind = "Service",
                          .ns = "ns",
                          .name = name,
                          .severity = EventSeverity::warning,
                          .reason = "R",
                          .message = "m"});
    }

    /// Lets time pass until there is a request.
    bool next_request() {
        for (int i = 0; i < 1000 && !client.waiting(); ++i) {
            io.restart();
            io.run_one_for(milliseconds(10));
        }
        return client.waiting();
    }

    std::string name_in(const ApiRequest& request) const {
        const auto at = request.body.rfind("\"name\":\"") + 8;
        return request.body.substr(at, request.body.find('"', at) - at);
    }
    std::vector<std::string> names() const {
        std::vector<std::string> result;
        for (const auto& request : client.requests) {
            result.push_back(name_in(request));
        }
        return result;
    }

    std::function<std::chrono::system_clock::time_point()> clock = [] {
        return std::chrono::system_clock::time_point(std::chrono::seconds(1));
    };
    boost::asio::io_context io{1};
    FakeClient client;
    TestLog log;
    unsigned dropped = 0;
    std::unique_ptr<EventSink> recorder;
};

TEST_F(EventRecorderTest, PostsOneAfterTheOther) {
    record("a");
    record("b");
    ASSERT_THAT(client.requests, SizeIs(1));
    EXPECT_EQ(client.requests[0].method, "POST");
    EXPECT_EQ(client.requests[0].target, "/apis/events.k8s.io/v1/namespaces/ns/events");
    EXPECT_THAT(client.requests[0].body, HasSubstr(R"("reportingInstance":"n1")"));
    client.answer(201);
    client.answer(201);
    EXPECT_THAT(names(), ElementsAre("a", "b"));
    EXPECT_FALSE(client.waiting());
    EXPECT_EQ(io.poll(), 0U);
    EXPECT_THAT(log.text(), IsEmpty());
}

TEST_F(EventRecorderTest, TellsTheSameOnce) {
    record("a");
    client.answer(201);
    EXPECT_EQ(dropped, 0U);
    record("a");
    EXPECT_EQ(dropped, 1U);
    EXPECT_THAT(client.requests, SizeIs(1));
}

TEST_F(EventRecorderTest, TriesTwiceThenDrops) {
    record("a");
    record("b");
    client.break_off();
    ASSERT_TRUE(next_request());
    client.answer(500);
    ASSERT_TRUE(next_request());
    EXPECT_THAT(names(), ElementsAre("a", "a", "b"));
    EXPECT_EQ(client.requests[0].body, client.requests[1].body);
    EXPECT_EQ(log.lines(), 1U);
    EXPECT_EQ(dropped, 1U);
    client.break_off();
    ASSERT_TRUE(next_request());
    client.break_off();
    EXPECT_EQ(log.lines(), 1U);  // once is enough
}

TEST_F(EventRecorderTest, WhatTheServerRefusesIsNotRepeated) {
    record("a");
    client.answer(404);
    record("b");
    client.answer(409);
    EXPECT_EQ(dropped, 2U);
    EXPECT_THAT(names(), ElementsAre("a", "b"));
    EXPECT_FALSE(client.waiting());
}

TEST_F(EventRecorderTest, MissingRightsAreNamedOnce) {
    record("a");
    client.answer(403);
    record("b");
    client.answer(403);
    EXPECT_EQ(log.lines(), 1U);
    EXPECT_THAT(log.text(), HasSubstr("events.k8s.io"));
}

TEST_F(EventRecorderTest, WaitsAsLongAsAsked) {
    record("a");
    client.answer(429, std::chrono::seconds(3600));
    EXPECT_FALSE(client.waiting());
    io.run_for(milliseconds(20));
    EXPECT_THAT(client.requests, SizeIs(1));
}

TEST_F(EventRecorderTest, HasAPace) {
    restart(milliseconds(3'600'000));
    for (int i = 0; i < 100; ++i) {
        record(std::to_string(i));
        if (client.waiting()) {
            client.answer(201);
        }
    }
    EXPECT_THAT(client.requests, SizeIs(25));
}

TEST_F(EventRecorderTest, TheQueueIsBounded) {
    for (int i = 0; i < 1000; ++i) {
        record(std::to_string(i));
    }
    while (client.waiting()) {
        client.answer(201);
        io.restart();
        io.run();  // its pauses
    }
    EXPECT_THAT(client.requests, SizeIs(256));
}

TEST_F(EventRecorderTest, MayGoAtAnyTime) {
    record("a");
    recorder.reset();
    EXPECT_FALSE(client.waiting());
    restart(milliseconds(1));
    record("a");
    client.break_off();
    io.run_one_for(milliseconds(0));
    recorder.reset();
    io.restart();
    io.run();
    EXPECT_THAT(client.requests, SizeIs(2));
}

}  // namespace
}  // namespace sy
