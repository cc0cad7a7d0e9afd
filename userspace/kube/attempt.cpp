#include "kube/attempt.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <span>
#include <utility>

#include "base/text.h"
#include "kube/http_answer.h"

namespace sy {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;
using Descriptor = asio::posix::stream_descriptor;

// What is read at a time. Pages that are not used cost nothing.
constexpr std::size_t kBufferSize = 128UL * 1024;

class Exchange : public std::enable_shared_from_this<Exchange> {
  public:
    Exchange(asio::io_context& io, AttemptOptions options, ApiHandler& handler)
        : io_(io),
          options_(std::move(options)),
          handler_(&handler),
          descriptor_(io),
          timer_(io),
          buffer_(std::make_unique_for_overwrite<char[]>(kBufferSize)) {}

    void start() {
        options_.dial.deadline = SteadyClock::now() + options_.head_timeout;
        // The dialer does not outlive us, and calls nobody when it is gone.
        dialer_ = Dialer::make(io_, options_.dial, [this](Result<Dialed> dialed) {
            const auto keep = shared_from_this();
            on_dialed(std::move(dialed));
        });
    }

    void pause() {
        paused_ = true;
        no_limit();
    }

    void resume() {
        paused_ = false;
        last_news_ = SteadyClock::now();
        limit_body();
        post(&Exchange::go_on);
    }

    void end() {
        handler_ = nullptr;
        dialer_.reset();
        no_limit();
        if (channel_) {
            channel_->finish();
        }
        channel_.reset();
        error_code ignored;
        static_cast<void>(descriptor_.close(ignored));
    }

  private:
    using Kind = ChannelStep::Kind;
    using Step = void (Exchange::*)();

    void finish(const Result<void>& how) {
        ApiHandler* const handler = handler_;
        end();
        handler->on_end(how);
    }

    void give_up(Error error) {
        error.on = peer_;
        if (!answer_.head_done()) {
            options_.dial.bad_addresses->insert(address_);
        }
        finish(std::unexpected(std::move(error)));
    }

    // -- time -----------------------------------------------------------------------------------

    void limit(SteadyClock::time_point when) {
        limit_ = when;
        timer_.expires_at(when);
        timer_.async_wait([self = shared_from_this(), when](const error_code& error) {
            // Not one that was too late to be cancelled.
            if (!error && self->limit_ == when) {
                self->on_limit();
            }
        });
    }

    void no_limit() {
        limit_.reset();
        timer_.cancel();
    }

    void limit_body() {
        no_limit();
        if (options_.body_timeout.count() != 0) {
            limit(SteadyClock::now() + options_.body_timeout);
        }
    }

    void on_limit() {
        if (!answer_.head_done()) {
            return give_up(Error{"no answer in time", {}, 0});
        }
        // Not moved with every piece: that would cost more than the pieces.
        const auto due = last_news_ + options_.body_timeout;
        if (due > SteadyClock::now()) {
            return limit(due);
        }
        give_up(Error{"the server fell silent in its answer", {}, 0});
    }

    // -- request and answer ---------------------------------------------------------------------

    void on_dialed(Result<Dialed> dialed) {
        if (!dialed) {
            return finish(std::unexpected(std::move(dialed.error())));
        }
        address_ = dialed->address;
        peer_ = std::move(dialed->peer);
        channel_ = std::move(dialed->channel);
        error_code error;
        static_cast<void>(descriptor_.assign(dialed->socket.get(), error));
        if (error) {
            return give_up(Error{"wait for the socket", {}, error.value()});
        }
        static_cast<void>(dialed->socket.release());  // the descriptor's now
        limit(options_.dial.deadline);
        send();
    }

    void send() {
        while (sent_ < options_.wire.size()) {
            const auto step = channel_->write(std::string_view(options_.wire).substr(sent_));
            if (!step) {
                return give_up(step.error());
            }
            switch (step->kind) {
                case Kind::done:
                    sent_ += step->bytes;
                    break;
                case Kind::wait_read:
                case Kind::wait_write:
                    return wait(step->kind, &Exchange::send);
                default:
                    return give_up(
                        Error{"the server closed the connection before it answered", {}, 0});
            }
        }
        options_.wire = {};
        wait(Kind::wait_read, &Exchange::receive);
    }

    // Reads what there is, up to a buffer full, and hands it on.
    void receive() {
        const auto step = fill();
        if (!step) {
            return give_up(step.error());
        }
        if (!parse()) {
            return;
        }
        switch (step->kind) {
            case Kind::done:
                // The buffer was full, and there may be more, in the socket or in the channel.
                // Others on the strand come first.
                return post(&Exchange::receive);
            case Kind::wait_read:
            case Kind::wait_write:
                return wait(step->kind, &Exchange::receive);
            default:
                on_closed(step->kind == Kind::closed);
        }
    }

    // The last step: done if the buffer is full.
    Result<ChannelStep> fill() {
        if (begin_ != 0) {
            std::copy(&buffer_[begin_], &buffer_[end_], buffer_.get());
            end_ -= std::exchange(begin_, 0);
        }
        while (end_ != kBufferSize) {
            auto step = channel_->read(std::span(&buffer_[end_], kBufferSize - end_));
            if (!step || step->kind != Kind::done) {
                return step;
            }
            end_ += step->bytes;
        }
        return ChannelStep{Kind::done};
    }

    std::string_view unread() const { return {&buffer_[begin_], end_ - begin_}; }

    // Hands on what was read. False: the attempt has ended or pauses.
    bool parse() {
        if (begin_ != end_) {
            last_news_ = SteadyClock::now();
        }
        if (!answer_.head_done() && !parse_head()) {
            return false;
        }
        if (answer_.head_done() && !parse_body()) {
            return false;
        }
        if (begin_ == 0 && end_ == kBufferSize) {
            give_up(Error{"the answer is not HTTP (a head of absurd size)", {}, 0});
            return false;
        }
        return true;
    }

    bool parse_head() {
        const auto used = answer_.put_head(unread());
        if (!used) {
            give_up(used.error());
            return false;
        }
        begin_ += *used;
        if (!answer_.head_done()) {
            return true;
        }
        options_.dial.bad_addresses->erase(address_);
        if (answer_.head().status / 100 == 3) {
            give_up(Error{"the server redirects to \"" + printable(answer_.location(), 128) +
                              "\": give the address of the API server itself",
                          {},
                          0});
            return false;
        }
        limit_body();
        handler_->on_head(answer_.head());
        return handler_ != nullptr && !paused_;
    }

    bool parse_body() {
        const auto used = answer_.put_body(unread(), [this](std::string_view piece) {
            handler_->on_body(piece);
            return handler_ != nullptr;
        });
        if (handler_ == nullptr) {
            return false;
        }
        if (!used) {
            give_up(used.error());
            return false;
        }
        begin_ += *used;
        if (answer_.done()) {
            finish({});
            return false;
        }
        return true;
    }

    // After a pause: what was read before it comes first.
    void go_on() {
        if (parse_body()) {
            receive();
        }
    }

    void on_closed(bool clean) {
        auto ended = answer_.put_end(clean);
        if (!ended) {
            return give_up(std::move(ended.error()));
        }
        finish({});
    }

    // -- waiting --------------------------------------------------------------------------------

    void post(Step next) {
        asio::post(io_, [self = shared_from_this(), next] { self->run(next); });
    }

    void wait(Kind kind, Step next) {
        descriptor_.async_wait(
            kind == Kind::wait_read ? Descriptor::wait_read : Descriptor::wait_write,
            [self = shared_from_this(), next](const error_code& error) {
                // An error of the wait itself only says that the descriptor was closed.
                if (!error) {
                    self->run(next);
                }
            });
    }

    void run(Step next) {
        if (handler_ != nullptr && !paused_) {
            (this->*next)();
        }
    }

    asio::io_context& io_;
    AttemptOptions options_;
    ApiHandler* handler_;  // null: over
    std::unique_ptr<Dialer> dialer_;
    IpAddr address_;
    std::string peer_;
    Descriptor descriptor_;
    std::unique_ptr<Channel> channel_;

    asio::steady_timer timer_;
    std::optional<SteadyClock::time_point> limit_;
    SteadyClock::time_point last_news_;

    std::size_t sent_ = 0;
    HttpAnswer answer_;
    std::unique_ptr<char[]> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool paused_ = false;
};

// Ends the exchange with it.
class OwnedExchange : public Attempt {
  public:
    explicit OwnedExchange(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
    OwnedExchange(const OwnedExchange&) = delete;
    OwnedExchange& operator=(const OwnedExchange&) = delete;
    ~OwnedExchange() override { exchange_->end(); }

    void pause() override { exchange_->pause(); }
    void resume() override { exchange_->resume(); }

  private:
    std::shared_ptr<Exchange> exchange_;
};

}  // namespace

std::unique_ptr<Attempt> Attempt::make(asio::io_context& io, AttemptOptions options,
                                       ApiHandler& handler) {
    auto exchange = std::make_shared<Exchange>(io, std::move(options), handler);
    exchange->start();
    return std::make_unique<OwnedExchange>(std::move(exchange));
}

}  // namespace sy
