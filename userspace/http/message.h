// Requests and answers of our own HTTP servers, as values.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sy {

/// What was asked. Untrusted; valid during the handler's call.
struct HttpRequest {
    std::string_view method;
    /// As sent, not unescaped: "/healthz".
    std::string_view path;
    /// What follows the question mark.
    std::string_view query;
};

struct HttpResponse {
    unsigned status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    /// Besides Content-Type, Content-Length and Connection.
    std::vector<std::pair<std::string, std::string>> headers;

    friend bool operator==(const HttpResponse&, const HttpResponse&) = default;
};

/// An answer, or one whose body has yet to come.
struct HttpReply {
    using Body = std::function<void(std::string)>;

    // NOLINTNEXTLINE(google-explicit-constructor): an answer is a reply
    HttpReply(HttpResponse complete) : response(std::move(complete)) {}

    HttpResponse response;
    /// Null: it is complete. Otherwise called once; has to hand over the body on the strand, now or
    /// later, which may be after client or server are gone.
    std::function<void(Body)> body_later;
};

/// Called on the strand, for every request. Must not destroy the server.
using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

}  // namespace sy
