// A server that keeps trying to listen.
#pragma once

#include <functional>
#include <memory>

#include "agent/clock.h"
#include "base/net.h"
#include "http/server.h"

namespace boost::asio {
class io_context;
}

namespace sy {

/// Listens, or tries again later until it does. Lives on the strand; a timer runs only while the
/// address cannot be bound. Destruction closes everything; no call follows.
class Listener {
  public:
    struct Plan {
        SocketAddress address;
        HttpServer::Wildcard wildcard = HttpServer::Wildcard::own_family;
        HttpHandler handler;
        /// The first pause; it doubles up to the limit.
        Duration retry_first = std::chrono::seconds(5);
        Duration retry_limit = std::chrono::seconds(5);
        /// Every failed attempt; `attempt` counts from 1. Must not destroy the listener.
        std::function<void(const Error&, unsigned attempt)> failed;
    };

    /// Tries at once.
    Listener(boost::asio::io_context& io, Plan plan);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener();

    /// Tries now, if it does not listen yet.
    void retry();
    bool listening() const;
    /// What is listened on, or will be; a port 0 is replaced by the one taken.
    SocketAddress address() const;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace sy
