#include "serve/listener.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

namespace sy {

struct Listener::Impl : std::enable_shared_from_this<Impl> {
    Impl(boost::asio::io_context& io_context, Plan what)
        : io(io_context), plan(std::move(what)), timer(io_context) {}

    void attempt() {
        timer.cancel();
        auto opened = HttpServer::listen(io, plan.address, plan.handler, plan.wildcard);
        if (opened) {
            failures = 0;
            server.emplace(std::move(*opened));
            return;
        }
        ++failures;
        timer.expires_after(backoff(plan.retry_first, plan.retry_limit, failures));
        timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (!error && self && !self->closed && !self->server) {
                self->attempt();
            }
        });
        plan.failed(opened.error(), failures);
    }

    boost::asio::io_context& io;
    Plan plan;
    boost::asio::steady_timer timer;
    std::optional<HttpServer> server;
    unsigned failures = 0;
    bool closed = false;
};

Listener::Listener(boost::asio::io_context& io, Plan plan)
    : impl_(std::make_shared<Impl>(io, std::move(plan))) {
    impl_->attempt();
}

Listener::~Listener() {
    impl_->closed = true;
    impl_->server.reset();
    impl_->timer.cancel();
}

void Listener::retry() {
    if (!impl_->server) {
        impl_->attempt();
    }
}

bool Listener::listening() const {
    return impl_->server.has_value();
}

SocketAddress Listener::address() const {
    const auto& planned = impl_->plan.address;
    return {planned.ip, impl_->server ? impl_->server->port() : planned.port};
}

}  // namespace sy
