#include "source/kubernetes/source.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <random>
#include <utility>
#include <variant>

#include "source/kubernetes/reflector.h"

namespace sy {

struct KubernetesSource::Shared {
    boost::asio::io_context& io;
    ApiClient& client;
    std::mt19937_64 random;
    Sink sink;
    bool running = false;
    bool node_listed = false;
    std::optional<Listed> held_back;

    /// Without the own Node the first rules would be those of a node without addresses. That all
    /// Services were told is told only when that is known, too.
    void deliver(std::vector<Event> events) {
        if (!node_listed) {
            std::erase_if(events, [this](const Event& event) {
                const auto* const listed = std::get_if<Listed>(&event);
                node_listed = node_listed || (listed != nullptr && listed->kind == Kind::node);
                if (listed == nullptr || listed->kind != Kind::service) {
                    return false;
                }
                held_back = *listed;
                return true;
            });
            if (node_listed && held_back) {
                events.emplace_back(*std::exchange(held_back, std::nullopt));
            }
        }
        if (!events.empty()) {
            sink(std::move(events));
        }
    }

    Moment now() {
        return {std::chrono::steady_clock::now(),
                std::uniform_real_distribution<double>(0, 1)(random)};
    }
};

/// Carries out what one reflector decides.
class KubernetesSource::Feed final : public ApiHandler, public std::enable_shared_from_this<Feed> {
  public:
    Feed(std::shared_ptr<Shared> shared, Resource resource, Symbols& symbols, Log& log,
         WatchObserver& observer)
        : shared_(std::move(shared)),
          reflector_(std::move(resource), symbols, log, observer),
          timer_(shared_->io) {}

    void start() { carry_out(reflector_.start(shared_->now())); }
    void stop() { carry_out(reflector_.stop()); }
    const Reflector& reflector() const { return reflector_; }

    void on_head(const ApiHead& head) override {
        carry_out(reflector_.on_head(head, shared_->now()));
    }
    void on_body(std::string_view bytes) override {
        carry_out(reflector_.on_body(bytes, shared_->now()));
    }
    void on_end(const Result<void>& how) override {
        carry_out(reflector_.on_end(how, shared_->now()));
    }

  private:
    void carry_out(ReflectorStep step) {
        // The sink may stop and destroy the source.
        const auto self = shared_from_this();
        while (apply(step) && step.more) {
            step = reflector_.more(shared_->now());
        }
    }

    // False: the source was stopped meanwhile.
    bool apply(ReflectorStep& step) {
        if (step.cancel) {
            call_.reset();
        }
        if (step.stop_timer || step.timer) {
            timer_.cancel();
        }
        if (!step.events.empty()) {
            shared_->deliver(std::move(step.events));
            if (!shared_->running) {
                return false;
            }
        }
        if (step.send) {
            call_ = shared_->client.send(*std::move(step.send), *this);
        }
        if (step.timer) {
            run_timer(*step.timer);
        }
        return true;
    }

    void run_timer(std::chrono::milliseconds delay) {
        timer_.expires_after(delay);
        timer_.async_wait([weak = weak_from_this(), number = ++timer_number_](auto error) {
            const auto self = weak.lock();
            // A timer that had fired already when it was set anew does not count.
            if (self && !error && number == self->timer_number_ && self->shared_->running) {
                self->carry_out(self->reflector_.on_timer(self->shared_->now()));
            }
        });
    }

    std::shared_ptr<Shared> shared_;
    Reflector reflector_;
    boost::asio::steady_timer timer_;
    uint64_t timer_number_ = 0;
    std::unique_ptr<ApiCall> call_;
};

KubernetesSource::KubernetesSource(boost::asio::io_context& io, ApiClient& client, Symbols& symbols,
                                   Log& log, WatchObserver& observer,
                                   const KubernetesOptions& options)
    : shared_(std::make_shared<Shared>(
          Shared{io, client, std::mt19937_64(options.random_seed), {}, false, false, {}})) {
    for (auto& resource : {services_resource(), slices_resource(), node_resource(options.node_name),
                           service_cidrs_resource()}) {
        feeds_.push_back(std::make_shared<Feed>(shared_, resource, symbols, log, observer));
    }
}

KubernetesSource::~KubernetesSource() {
    stop();
}

Result<void> KubernetesSource::start(Sink sink) {
    shared_->sink = std::move(sink);
    shared_->running = true;
    for (const auto& feed : feeds_) {
        feed->start();
    }
    return {};
}

void KubernetesSource::stop() {
    shared_->running = false;
    for (const auto& feed : feeds_) {
        feed->stop();
    }
}

std::vector<WatchStatus> KubernetesSource::status() const {
    std::vector<WatchStatus> status;
    for (const auto& feed : feeds_) {
        const auto& reflector = feed->reflector();
        status.push_back(
            {reflector.resource().plural, reflector.listed(), reflector.last_contact()});
    }
    return status;
}

}  // namespace sy
