// A small HTTP/1.1 server for probes and scrapes.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "base/net.h"
#include "base/result.h"
#include "http/message.h"

namespace boost::asio {
class io_context;
}

namespace sy {

/// What clients may cost us. Bodies of requests are read and ignored.
struct HttpLimits {
    std::size_t header_bytes = 8 * 1024;
    std::size_t body_bytes = 64 * 1024;
    /// When one more comes, the connection that has been without a request for longest goes.
    std::size_t connections = 100;
    /// From the end of one answer (or the connection) to the end of the next request, and for
    /// taking an answer. Nobody gets more by sending slowly.
    std::chrono::milliseconds patience = std::chrono::seconds(20);
};

/// One listening socket with its connections. Lives on the strand (the thread that runs the
/// io_context); no timer runs while there is no connection. Destruction closes everything at once;
/// no call of the handler follows.
class HttpServer {
  public:
    /// Which clients reach a server on an unspecified address.
    enum class Wildcard {
        /// Those of the address's family.
        own_family,
        /// Those of both families, as far as the host has them: what Go, and so kube-proxy, makes
        /// of 0.0.0.0 as well as of ::.
        both_families,
    };

    /// Fails if the address cannot be bound. Port 0 takes any free one.
    static Result<HttpServer> listen(boost::asio::io_context& io, const SocketAddress& address,
                                     HttpHandler handler, Wildcard wildcard = Wildcard::own_family,
                                     const HttpLimits& limits = {});
    HttpServer(HttpServer&&) noexcept;
    HttpServer& operator=(HttpServer&& other) noexcept;
    ~HttpServer();

    /// The port that is really listened on.
    Port port() const;
    std::size_t connections() const;

  private:
    class Impl;
    explicit HttpServer(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace sy
