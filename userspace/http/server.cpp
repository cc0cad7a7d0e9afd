#include "http/server.h"

#include <fcntl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <list>
#include <utility>

#include "http/connection.h"

namespace sy {
namespace {

using boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;

/// After accept() failed (no descriptors left, most likely): it would fail again at once.
constexpr auto kAcceptPause = std::chrono::milliseconds(500);

boost::asio::ip::address to_asio(const IpAddr& ip) {
    if (ip.family() == Family::ipv4) {
        boost::asio::ip::address_v4::bytes_type bytes;
        std::copy_n(ip.bytes().begin(), bytes.size(), bytes.begin());
        return boost::asio::ip::address_v4(bytes);
    }
    boost::asio::ip::address_v6::bytes_type bytes;
    std::copy_n(ip.bytes().begin(), bytes.size(), bytes.begin());
    return boost::asio::ip::address_v6(bytes);
}

/// Programs that we start must not hold our ports.
void keep_from_children(int descriptor) {
    (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

/// Binds and listens; the first call that fails is the result.
ErrorCode open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool v6_only) {
    ErrorCode error;
    (void)acceptor.open(endpoint.protocol(), error);
    if (error) {
        return error;
    }
    keep_from_children(acceptor.native_handle());
    (void)acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.protocol() == tcp::v6()) {
        (void)acceptor.set_option(boost::asio::ip::v6_only(v6_only), error);
    }
    if (!error) {
        (void)acceptor.bind(endpoint, error);
    }
    if (!error) {
        (void)acceptor.listen(tcp::acceptor::max_listen_connections, error);
    }
    if (!error) {
        (void)acceptor.non_blocking(true, error);
    }
    if (error) {
        ErrorCode ignored;
        (void)acceptor.close(ignored);
    }
    return error;
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(boost::asio::io_context& io, HttpHandler handler, const HttpLimits& limits)
        : acceptor_(io), pause_(io), handler_(std::move(handler)), limits_(limits) {}

    Result<void> listen(const SocketAddress& address, Wildcard wildcard) {
        const auto port = address.port.number();
        ErrorCode error = make_error_code(boost::system::errc::address_family_not_supported);
        if (wildcard == Wildcard::both_families && address.ip.is_unspecified()) {
            error = open(acceptor_, tcp::endpoint(tcp::v6(), port), false);
        }
        if (error.value() == EAFNOSUPPORT) {
            error = open(acceptor_, tcp::endpoint(to_asio(address.ip), port), true);
        }
        if (error) {
            return fail("cannot listen", address.to_string(), error.value());
        }
        accept();
        return {};
    }

    void close() {
        ErrorCode ignored;
        (void)acceptor_.close(ignored);
        pause_.cancel();
        closed_ = true;
        for (const auto& connection : std::exchange(connections_, {})) {
            connection->close();
        }
    }

    Port port() const {
        ErrorCode ignored;
        return Port(acceptor_.local_endpoint(ignored).port());
    }
    std::size_t connections() const { return connections_.size(); }

  private:
    using Connections = std::list<std::shared_ptr<HttpConnection>>;

    void accept() {
        acceptor_.async_accept(
            [weak = weak_from_this()](const ErrorCode& error, tcp::socket socket) {
                const auto self = weak.lock();
                if (!self || self->closed_) {
                    return;
                }
                if (!error) {
                    self->serve(std::move(socket));
                    self->accept();
                } else if (error == boost::asio::error::connection_aborted) {
                    self->accept();
                } else {
                    self->accept_later();
                }
            });
    }

    void accept_later() {
        pause_.expires_after(kAcceptPause);
        pause_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
            const auto self = weak.lock();
            if (!error && self && !self->closed_) {
                self->accept();
            }
        });
    }

    void serve(tcp::socket socket) {
        keep_from_children(socket.native_handle());
        if (connections_.size() >= limits_.connections) {
            connections_.front()->close();
            connections_.pop_front();
        }
        const auto connection = std::make_shared<HttpConnection>(std::move(socket), limits_);
        const auto place = connections_.insert(connections_.end(), connection);
        // As long as it calls these the connection is in the list, and so is `this`.
        connection->start(
            {.handler = &handler_,
             .busy = [this,
                      place] { connections_.splice(connections_.end(), connections_, place); },
             .gone = [this, place] { connections_.erase(place); }});
    }

    tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    HttpHandler handler_;
    HttpLimits limits_;
    /// The one that has been without a request for longest first.
    Connections connections_;
    bool closed_ = false;
};

Result<HttpServer> HttpServer::listen(boost::asio::io_context& io, const SocketAddress& address,
                                      HttpHandler handler, Wildcard wildcard,
                                      const HttpLimits& limits) {
    auto impl = std::make_shared<Impl>(io, std::move(handler), limits);
    if (const auto listening = impl->listen(address, wildcard); !listening) {
        return std::unexpected(listening.error());
    }
    return HttpServer(std::move(impl));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;

HttpServer& HttpServer::operator=(HttpServer&& other) noexcept {
    if (this != &other) {
        if (impl_) {
            impl_->close();
        }
        impl_ = std::move(other.impl_);
    }
    return *this;
}

HttpServer::~HttpServer() {
    if (impl_) {
        impl_->close();
    }
}

Port HttpServer::port() const {
    return impl_->port();
}
std::size_t HttpServer::connections() const {
    return impl_->connections();
}

}  // namespace sy
