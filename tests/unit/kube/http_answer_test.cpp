#include "kube/http_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace sy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
    unsigned status = 0;
    std::string content_type;
    std::string body;
    bool done = false;
    std::string error;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Feeds the pieces one after the other, as a connection does, then the end of the stream.
Outcome feed(const std::vector<std::string>& pieces, std::optional<bool> closed = std::nullopt) {
    HttpAnswer answer;
    Outcome outcome;
    std::string unread;
    for (const auto& piece : pieces) {
        unread += piece;
        if (!answer.head_done()) {
            const auto used = answer.put_head(unread);
            if (!used) {
                outcome.error = used.error().what;
                return outcome;
            }
            unread.erase(0, *used);
        }
        if (answer.head_done()) {
            const auto used = answer.put_body(unread, [&outcome](std::string_view body) {
                outcome.body += body;
                return true;
            });
            if (!used) {
                outcome.error = used.error().what;
                return outcome;
            }
            unread.erase(0, *used);
        }
    }
    if (closed) {
        if (const auto end = answer.put_end(*closed); !end) {
            outcome.error = end.error().what;
        }
    }
    outcome.status = answer.head().status;
    outcome.content_type = answer.head().content_type;
    outcome.done = answer.done();
    return outcome;
}

constexpr auto kChunked =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
    "Transfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n1;ext=\"a\"\r\n \r\nA\r\n0123456789\r\n0\r\n\r\n";
const Outcome kExpected{200, "application/json", "hello 0123456789", true, ""};

TEST(HttpAnswer, ChunksMayBeSplitAnywhere) {
    const std::string text = kChunked;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        EXPECT_EQ(feed({text.substr(0, i), text.substr(i)}), kExpected) << i;
    }
    std::vector<std::string> bytes;
    for (const char c : text) {
        bytes.emplace_back(1, c);
    }
    EXPECT_EQ(feed(bytes), kExpected);
}

TEST(HttpAnswer, TakesAContentLength) {
    EXPECT_EQ(feed({"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"}),
              (Outcome{200, "", "abc", true, ""}));
    EXPECT_EQ(feed({"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}),
              (Outcome{404, "", "", true, ""}));
}

TEST(HttpAnswer, WithoutLengthEndsWithTheStream) {
    const std::vector<std::string> text{"HTTP/1.0 200 OK\r\n\r\nabc"};
    EXPECT_FALSE(feed(text).done);
    EXPECT_EQ(feed(text, true), (Outcome{200, "", "abc", true, ""}));
    EXPECT_EQ(feed(text, false).error, "the answer was cut");
}

TEST(HttpAnswer, WhatIsMissingIsAnError) {
    const std::string text = kChunked;
    for (std::size_t i = 1; i < text.size(); ++i) {
        EXPECT_NE(feed({text.substr(0, i)}, true).error, "") << i;
    }
    EXPECT_EQ(feed({""}, true).error, "the server closed the connection before it answered");
    EXPECT_EQ(feed({"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"}, true).error,
              "the answer was cut");
    EXPECT_EQ(feed({text}, false).error, "");
}

TEST(HttpAnswer, PreliminaryAnswersAreSkipped) {
    const std::string text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n";
    EXPECT_EQ(feed({text + kChunked}), kExpected);
    EXPECT_EQ(feed({text, kChunked}), kExpected);
    EXPECT_THAT(feed({"HTTP/1.1 101 Switching\r\n\r\n"}).error, HasSubstr("another protocol"));
}

TEST(HttpAnswer, OtherThingsAreNoHttp) {
    EXPECT_THAT(feed({"SSH-2.0-OpenSSH_9\r\n"}).error, StartsWith("the answer is not HTTP"));
    EXPECT_THAT(feed({std::string(16, '\0')}).error, StartsWith("the answer is not HTTP"));
    EXPECT_THAT(feed({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}).error,
                StartsWith("the answer is not HTTP"));
    EXPECT_THAT(feed({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}).error,
                StartsWith("the answer is not HTTP"));
}

TEST(HttpAnswer, AHeadHasALimit) {
    EXPECT_THAT(feed({"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x')}).error,
                StartsWith("the answer is not HTTP"));
}

TEST(HttpAnswer, RetryAfterAndLocation) {
    const auto head_of = [](const std::string& field) {
        HttpAnswer answer;
        EXPECT_TRUE(answer.put_head("HTTP/1.1 429 X\r\n" + field + "\r\n\r\n"));
        return std::pair(answer.head().retry_after, answer.location());
    };
    EXPECT_EQ(head_of("Retry-After: 7").first, std::chrono::seconds(7));
    EXPECT_EQ(head_of("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT").first, std::nullopt);
    EXPECT_EQ(head_of("Retry-After: 99999999999").first, std::nullopt);
    EXPECT_EQ(head_of("Location: /x").second, "/x");
}

TEST(HttpAnswer, ASinkMayStopIt) {
    HttpAnswer answer;
    const std::string text = kChunked;
    const auto used = answer.put_head(text);
    ASSERT_TRUE(used);
    int calls = 0;
    EXPECT_TRUE(answer.put_body(std::string_view(text).substr(*used), [&calls](std::string_view) {
        ++calls;
        return false;
    }));
    EXPECT_EQ(calls, 1);
}

TEST(HttpRequest, IsWritten) {
    const auto text = to_wire({.method = "GET",
                               .target = "/api/v1/services?limit=500",
                               .host = "[fd00::1]:6443",
                               .user_agent = "switchyard/1 (linux/amd64)",
                               .authorization = "Bearer t"});
    EXPECT_EQ(text,
              "GET /api/v1/services?limit=500 HTTP/1.1\r\nHost: [fd00::1]:6443\r\n"
              "User-Agent: switchyard/1 (linux/amd64)\r\nAccept: application/json\r\n"
              "Connection: close\r\nAuthorization: Bearer t\r\n\r\n");
    EXPECT_THAT(to_wire({.method = "POST",
                         .target = "/x",
                         .host = "h:1",
                         .user_agent = "u",
                         .authorization = "",
                         .body_size = 12})
                    .value(),
                HasSubstr("Content-Type: application/json\r\nContent-Length: 12\r\n\r\n"));
}

TEST(HttpRequest, RefusesWhatWouldBeAnotherOne) {
    const auto with = [](std::string_view target, std::string_view authorization) {
        return to_wire({.method = "GET",
                        .target = target,
                        .host = "h",
                        .user_agent = "u",
                        .authorization = authorization});
    };
    EXPECT_TRUE(with("/a", "Bearer x"));
    EXPECT_FALSE(with("/a b", ""));
    EXPECT_FALSE(with("/a\r\nX: y", ""));
    EXPECT_FALSE(with("a", ""));
    EXPECT_FALSE(with("/a", "Bearer a\r\nX: y"));
}

}  // namespace
}  // namespace sy
