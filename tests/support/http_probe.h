// A blocking HTTP client of the plainest kind: it shows bytes, not what a library makes of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/net.h"
#include "base/result.h"
#include "os/fd.h"

namespace sy {

struct HttpAnswer {
    unsigned status = 0;
    /// Names in lower case.
    std::map<std::string, std::string> headers;
    std::string body;
};

/// A connection that stays open between requests. Every wait ends after 30 s, as a failure.
class HttpProbe {
  public:
    static Result<HttpProbe> connect(const SocketAddress& address);

    Result<void> send(std::string_view bytes);
    /// Reads one answer; `head` if it answers a HEAD request.
    Result<HttpAnswer> receive(bool head = false);
    /// Reads to the end of the stream; true if the server ended it.
    bool ended();

  private:
    explicit HttpProbe(Fd fd) : fd_(std::move(fd)) {}
    bool fill();

    Fd fd_;
    std::string received_;
};

/// One GET on a connection of its own, in the calling thread's network namespace.
Result<HttpAnswer> http_get(const SocketAddress& address, std::string_view target);

}  // namespace sy
