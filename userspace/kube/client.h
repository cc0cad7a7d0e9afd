// Requests to the API server. What the rest of the program needs to know of HTTP and TLS.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sy {

struct ApiRequest {
    std::string method = "GET";
    /// Path and query, escaped, as if the API server were at the root:
    /// "/api/v1/services?limit=500".
    std::string target;
    /// JSON; empty: none.
    std::string body{};
    /// From the request to the head of the answer.
    std::chrono::milliseconds head_timeout = std::chrono::seconds(30);
    /// Between two pieces of the body at most; 0: forever (a watch may be silent for long; a dead
    /// peer is noticed all the same).
    std::chrono::milliseconds body_timeout = std::chrono::seconds(30);
};

struct ApiHead {
    /// HTTP status.
    unsigned status = 0;
    /// Retry-After, if given in seconds.
    std::optional<std::chrono::seconds> retry_after;
    /// Without parameters: "application/json".
    std::string content_type;
};

/// Takes an answer as it arrives, on the strand, never from within send(). Any of the calls may
/// destroy the ApiCall: nothing follows then.
class ApiHandler {
  public:
    virtual ~ApiHandler() = default;

    virtual void on_head(const ApiHead& head) = 0;
    /// The next piece of the body. `bytes` is valid during the call only.
    virtual void on_body(std::string_view bytes) = 0;
    /// The last call. An error: no connection, not authenticated by TLS, cut, or too slow. A
    /// complete answer is no error, whatever its status.
    virtual void on_end(const Result<void>& how) = 0;
};

/// A request under way. Destroying it ends it at once, and no call of the handler follows.
class ApiCall {
  public:
    virtual ~ApiCall() = default;
};

/// Sends requests, each on a connection of its own. Lives on the strand.
class ApiClient {
  public:
    virtual ~ApiClient() = default;

    /// `handler` must outlive the call.
    [[nodiscard]] virtual std::unique_ptr<ApiCall> send(ApiRequest request,
                                                        ApiHandler& handler) = 0;
};

}  // namespace sy
