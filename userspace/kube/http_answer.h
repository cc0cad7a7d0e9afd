// HTTP answers, taken apart as their bytes arrive.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/client.h"

namespace sy {

/// One answer to one request (HTTP/1.0 or 1.1). Knows no sockets: bytes go in, the head and the
/// pieces of the body come out. What was not used must be given again, with what follows.
class HttpAnswer {
  public:
    HttpAnswer();
    HttpAnswer(HttpAnswer&&) noexcept;
    HttpAnswer& operator=(HttpAnswer&&) noexcept;
    ~HttpAnswer();

    /// Gets a piece of the body, a part of the bytes that were put in; false: no more, please.
    using BodySink = std::function<bool(std::string_view piece)>;

    /// Reads the head. Returns how many bytes were used.
    Result<std::size_t> put_head(std::string_view bytes);
    bool head_done() const;
    /// When the head is done.
    const ApiHead& head() const;
    /// Where a redirect leads. Untrusted text.
    const std::string& location() const;

    /// When the head is done: hands on what there is of the body. Returns how many bytes were used.
    Result<std::size_t> put_body(std::string_view bytes, const BodySink& sink);
    /// The peer has closed the connection. `clean`: it said so. An error if something is missing.
    Result<void> put_end(bool clean);
    /// The answer is complete.
    bool done() const;

  private:
    class Parser;
    std::unique_ptr<Parser> parser_;
};

/// What is sent, ready for the wire.
struct HttpRequestHead {
    std::string_view method;
    std::string_view target;
    std::string_view host;
    std::string_view user_agent;
    /// Empty: none.
    std::string_view authorization;
    std::size_t body_size = 0;
};

/// An error if a part holds what does not belong there (line breaks, blanks).
Result<std::string> to_wire(const HttpRequestHead& head);

}  // namespace sy
