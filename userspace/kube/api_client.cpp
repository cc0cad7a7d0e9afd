#include "kube/api_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "kube/attempt.h"
#include "kube/http_answer.h"

namespace sy {
namespace {

namespace asio = boost::asio;

#if defined(__x86_64__)
constexpr std::string_view kMachine = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view kMachine = "arm64";
#else
constexpr std::string_view kMachine = "unknown";
#endif

/// What all calls of a client share.
struct Shared {
    asio::io_context& io;
    ServerUrl server;
    std::string server_name;
    ApiClientOptions options;
    std::unique_ptr<Credentials> credentials;
    std::shared_ptr<BadAddresses> bad_addresses = std::make_shared<BadAddresses>();

    void count(std::string_view method, unsigned status) const {
        if (options.on_answer) {
            options.on_answer(method, server.authority(), status);
        }
    }
};

class Call : public ApiHandler, public std::enable_shared_from_this<Call> {
  public:
    Call(std::shared_ptr<Shared> shared, ApiRequest request, ApiHandler& handler)
        : shared_(std::move(shared)), request_(std::move(request)), handler_(&handler) {}

    void start() {
        asio::post(shared_->io, [self = shared_from_this()] {
            if (self->handler_ != nullptr) {
                self->ask_for_credentials();
            }
        });
    }

    void end() {
        handler_ = nullptr;
        attempt_.reset();
    }

    void on_head(const ApiHead& head) override {
        counted_ = true;
        shared_->count(request_.method, head.status);
        if (head.status != 401 || retried_) {
            return handler_->on_head(head);
        }
        retried_ = true;
        attempt_->pause();
        shared_->credentials->refused(generation_, [weak = weak_from_this(), head](bool changed) {
            const auto self = weak.lock();
            if (!self || self->handler_ == nullptr) {
                return;
            }
            if (changed) {
                self->attempt_.reset();
                return self->ask_for_credentials();
            }
            self->handler_->on_head(head);
            if (self->attempt_) {
                self->attempt_->resume();
            }
        });
    }

    void on_body(std::string_view bytes) override { handler_->on_body(bytes); }

    void on_end(const Result<void>& how) override {
        if (!how && !counted_) {
            shared_->count(request_.method, 0);
        }
        finish(how);
    }

  private:
    void finish(const Result<void>& how) {
        ApiHandler* const handler = handler_;
        end();
        handler->on_end(how);
    }

    void ask_for_credentials() {
        shared_->credentials->get([weak = weak_from_this()](Result<Grant> grant) {
            const auto self = weak.lock();
            if (!self || self->handler_ == nullptr) {
                return;
            }
            if (!grant) {
                self->shared_->count(self->request_.method, 0);
                return self->finish(std::unexpected(std::move(grant.error())));
            }
            self->attempt(*grant);
        });
    }

    void attempt(const Grant& grant) {
        const auto target = shared_->server.base_path + request_.target;
        auto wire = to_wire({.method = request_.method,
                             .target = target,
                             .host = shared_->server.authority(),
                             .user_agent = shared_->options.user_agent,
                             .authorization = grant.authorization,
                             .body_size = request_.body.size()});
        if (!wire) {
            return finish(std::unexpected(std::move(wire.error())));
        }
        *wire += request_.body;
        generation_ = grant.generation;
        counted_ = false;
        attempt_ = Attempt::make(shared_->io,
                                 {.dial = {.server = shared_->server,
                                           .server_name = shared_->server_name,
                                           .tls = grant.tls,
                                           .resolve = shared_->options.resolve,
                                           .bad_addresses = shared_->bad_addresses,
                                           .address_timeout = shared_->options.address_timeout,
                                           .deadline = {}},
                                  .wire = std::move(*wire),
                                  .head_timeout = request_.head_timeout,
                                  .body_timeout = request_.body_timeout},
                                 *this);
    }

    std::shared_ptr<Shared> shared_;
    ApiRequest request_;
    ApiHandler* handler_;  // null: over
    std::unique_ptr<Attempt> attempt_;
    uint64_t generation_ = 0;
    bool retried_ = false;
    bool counted_ = false;
};

// Ends the call with it.
class OwnedCall : public ApiCall {
  public:
    explicit OwnedCall(std::shared_ptr<Call> call) : call_(std::move(call)) {}
    OwnedCall(const OwnedCall&) = delete;
    OwnedCall& operator=(const OwnedCall&) = delete;
    ~OwnedCall() override { call_->end(); }

  private:
    std::shared_ptr<Call> call_;
};

class HttpApiClient : public ApiClient {
  public:
    explicit HttpApiClient(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

    std::unique_ptr<ApiCall> send(ApiRequest request, ApiHandler& handler) override {
        auto call = std::make_shared<Call>(shared_, std::move(request), handler);
        call->start();
        return std::make_unique<OwnedCall>(std::move(call));
    }

  private:
    std::shared_ptr<Shared> shared_;
};

}  // namespace

std::string user_agent_of(std::string_view version) {
    return "switchyard/" + std::string(version) + " (linux/" + std::string(kMachine) + ')';
}

std::unique_ptr<ApiClient> make_api_client(asio::io_context& io, Log& log, ApiAccess access,
                                           ApiClientOptions options) {
    auto server = access.server;
    auto name = access.tls_server_name.empty() ? server.host : access.tls_server_name;
    auto credentials = Credentials::make(io, log, std::move(access), options.credentials);
    return std::make_unique<HttpApiClient>(std::make_shared<Shared>(
        io, std::move(server), std::move(name), std::move(options), std::move(credentials)));
}

}  // namespace sy
