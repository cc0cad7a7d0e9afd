#include "kube/dialer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "kube/errand.h"

namespace sy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

tcp::endpoint endpoint_of(const IpAddr& ip, uint16_t port) {
    const auto bytes = ip.bytes();
    if (ip.family() == Family::ipv4) {
        asio::ip::address_v4::bytes_type raw{};
        std::ranges::copy(bytes, raw.begin());
        return {asio::ip::address_v4(raw), port};
    }
    asio::ip::address_v6::bytes_type raw{};
    std::ranges::copy(bytes, raw.begin());
    return {asio::ip::address_v6(raw), port};
}

// The kernel keeps watch over the peer, so that we need no timer while nothing is sent.
void watch_peer(int fd) {
    const auto set = [fd](int level, int option, int value) {
        // A kernel without one of these still works, only slower to notice.
        (void)::setsockopt(fd, level, option, &value, sizeof(value));
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 25'000);
    set(IPPROTO_TCP, TCP_NODELAY, 1);
}

class Dial : public std::enable_shared_from_this<Dial> {
  public:
    Dial(asio::io_context& io, DialOptions options, Dialer::Done done)
        : io_(io), options_(std::move(options)), done_(std::move(done)), socket_(io), timer_(io) {}

    void start() {
        limit(options_.deadline);
        asio::post(io_, [self = shared_from_this()] {
            if (self->done_) {
                self->look_up();
            }
        });
    }

    void end() {
        done_ = nullptr;
        errand_.reset();
        timer_.cancel();
        close();
    }

  private:
    enum class Phase : unsigned char { look_up, connect, shake_hands };
    using Kind = ChannelStep::Kind;

    void close() {
        channel_.reset();
        error_code ignored;
        static_cast<void>(socket_.close(ignored));
    }

    void finish(Result<Dialed> result) {
        const auto done = std::exchange(done_, nullptr);
        end();
        done(std::move(result));
    }

    std::string peer() const {
        auto name = options_.server.authority();
        if (phase_ == Phase::look_up || IpAddr::parse(options_.server.host)) {
            return name;
        }
        return name + " (" + addresses_[current_].to_string() + ')';
    }

    void limit(SteadyClock::time_point when) {
        timer_.expires_at(when);
        timer_.async_wait([self = shared_from_this(), when](const error_code& error) {
            // Not one that was too late to be cancelled.
            if (!error && self->done_ && self->timer_.expiry() == when) {
                self->on_limit(when);
            }
        });
    }

    void on_limit(SteadyClock::time_point when) {
        const auto* const what = phase_ == Phase::look_up ? "the host name was not resolved in time"
                                 : phase_ == Phase::connect ? "no connection in time"
                                                            : "no TLS handshake in time";
        if (when < options_.deadline) {
            return address_failed(Error{what, {}, 0});
        }
        if (phase_ == Phase::look_up) {
            return finish(fail(what, peer()));
        }
        note_fault(Error{what, {}, 0});
        give_up();
    }

    void look_up() {
        if (const auto ip = IpAddr::parse(options_.server.host)) {
            return on_addresses(std::vector{*ip});
        }
        const std::weak_ptr<Dial> weak = weak_from_this();
        errand_.emplace(io_, [weak, resolve = options_.resolve, host = options_.server.host] {
            return [weak, addresses = resolve(host)] {
                if (const auto self = weak.lock(); self && self->done_) {
                    self->on_addresses(addresses);
                }
            };
        });
    }

    void on_addresses(const Result<std::vector<IpAddr>>& addresses) {
        if (!addresses) {
            return finish(fail(addresses.error().what, peer(), addresses.error().code));
        }
        addresses_ = *addresses;
        std::ranges::stable_partition(
            addresses_, [this](const IpAddr& ip) { return !options_.bad_addresses->contains(ip); });
        connect();
    }

    void connect() {
        phase_ = Phase::connect;
        limit(std::min(options_.deadline, SteadyClock::now() + options_.address_timeout));
        const auto endpoint = endpoint_of(addresses_[current_], options_.server.port);
        error_code error;
        static_cast<void>(socket_.open(endpoint.protocol(), error));
        if (error) {
            return address_failed(Error{"make a socket", {}, error.value()});
        }
        watch_peer(socket_.native_handle());
        socket_.async_connect(
            endpoint, [self = shared_from_this(), address = current_](const error_code& failure) {
                if (self->done_ && self->current_ == address) {
                    self->on_connected(failure);
                }
            });
    }

    void on_connected(const error_code& failure) {
        if (failure) {
            return address_failed(Error{"connect", {}, failure.value()});
        }
        error_code error;
        static_cast<void>(socket_.native_non_blocking(true, error));
        if (error) {
            return address_failed(Error{"make a socket", {}, error.value()});
        }
        phase_ = Phase::shake_hands;
        if (current_ + 1 == addresses_.size()) {
            limit(options_.deadline);
        }
        if (!options_.server.tls) {
            channel_ = plain_channel(socket_.native_handle());
            return shake_hands();
        }
        auto channel = tls_channel(socket_.native_handle(), options_.tls, options_.server_name);
        if (!channel) {
            return address_failed(std::move(channel.error()));
        }
        channel_ = std::move(*channel);
        shake_hands();
    }

    void shake_hands() {
        const auto step = channel_->handshake();
        if (!step) {
            return address_failed(step.error());
        }
        if (step->kind == Kind::done) {
            return deliver();
        }
        if (step->kind != Kind::wait_read && step->kind != Kind::wait_write) {
            return address_failed(
                Error{"the server closed the connection in the TLS handshake", {}, 0});
        }
        socket_.async_wait(
            step->kind == Kind::wait_read ? tcp::socket::wait_read : tcp::socket::wait_write,
            [self = shared_from_this(), address = current_](const error_code& error) {
                // An error of the wait itself only says that the socket was closed.
                if (!error && self->done_ && self->current_ == address) {
                    self->shake_hands();
                }
            });
    }

    void deliver() {
        error_code error;
        auto said = peer();
        const int fd = socket_.release(error);
        if (error) {
            return address_failed(Error{"take the socket", {}, error.value()});
        }
        finish(Dialed{.address = addresses_[current_],
                      .peer = std::move(said),
                      .socket = Fd(fd),
                      .channel = std::move(channel_)});
    }

    void note_fault(Error error) {
        error.on = peer();
        faults_.push_back(std::move(error));
        options_.bad_addresses->insert(addresses_[current_]);
    }

    void address_failed(Error error) {
        note_fault(std::move(error));
        close();
        if (current_ + 1 == addresses_.size()) {
            return give_up();
        }
        ++current_;
        connect();
    }

    void give_up() {
        if (faults_.size() == 1) {
            return finish(std::unexpected(faults_.front()));
        }
        std::string all;
        for (const auto& fault : faults_) {
            all += (all.empty() ? "" : "; ") + fault.message();
        }
        finish(fail(all));
    }

    asio::io_context& io_;
    DialOptions options_;
    Dialer::Done done_;  // null: over
    Phase phase_ = Phase::look_up;
    std::optional<Errand> errand_;
    std::vector<IpAddr> addresses_;
    std::size_t current_ = 0;
    std::vector<Error> faults_;
    tcp::socket socket_;
    std::unique_ptr<Channel> channel_;
    asio::steady_timer timer_;
};

// Ends the dial with it.
class OwnedDial : public Dialer {
  public:
    explicit OwnedDial(std::shared_ptr<Dial> dial) : dial_(std::move(dial)) {}
    OwnedDial(const OwnedDial&) = delete;
    OwnedDial& operator=(const OwnedDial&) = delete;
    ~OwnedDial() override { dial_->end(); }

  private:
    std::shared_ptr<Dial> dial_;
};

}  // namespace

std::unique_ptr<Dialer> Dialer::make(asio::io_context& io, DialOptions options, Done done) {
    auto dial = std::make_shared<Dial>(io, std::move(options), std::move(done));
    dial->start();
    return std::make_unique<OwnedDial>(std::move(dial));
}

}  // namespace sy
