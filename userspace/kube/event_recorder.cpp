#include "kube/event_recorder.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "kube/event_json.h"
#include "kube/event_limits.h"

namespace sy {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxWaiting = 256;
constexpr double kAtOnce = 25;
constexpr auto kLongestPause = std::chrono::seconds(60);

class ApiEventRecorder : public EventSink, ApiHandler {
  public:
    ApiEventRecorder(boost::asio::io_context& io, ApiClient& client, Log& log,
                     EventRecorderOptions options)
        : client_(client),
          log_(log),
          options_(std::move(options)),
          rate_(kAtOnce, options_.period, SteadyClock::now()),
          timer_(io) {}

    void record(ClusterEvent event) override {
        const auto untold = limits_.admit(event, SteadyClock::now());
        if (!untold || waiting_.size() >= kMaxWaiting) {
            options_.on_dropped();
            return;
        }
        const EventContext context{options_.node, options_.clock(), *untold};
        waiting_.push_back({event_target(event), event_body(event, context)});
        if (!call_ && !pausing_) {
            next();
        }
    }

    void on_head(const ApiHead& head) override { head_ = head; }
    void on_body(std::string_view /*bytes*/) override {}
    void on_end(const Result<void>& how) override {
        call_.reset();
        const auto head = std::exchange(head_, std::nullopt);
        const bool heard = how && head;
        if (heard && head->status == 403) {
            warn_of_rights();
        }
        // What the server took, or will never take, is done with.
        const bool again = !heard || head->status == 429 || head->status >= 500;
        if (again && !std::exchange(waiting_.front().tried, true)) {
            const auto asked =
                head && head->retry_after ? *head->retry_after : std::chrono::seconds(0);
            return pause(std::max<SteadyClock::duration>(
                options_.retry_pause, std::min<SteadyClock::duration>(asked, kLongestPause)));
        }
        if (again && !std::exchange(told_of_loss_, true)) {
            log_.warning("an Event could not be posted: " +
                         (how ? "status " + std::to_string(head->status) : how.error().message()));
        }
        if (again || head->status >= 300) {
            options_.on_dropped();
        }
        waiting_.pop_front();
        next();
    }

  private:
    struct Waiting {
        std::string target;
        std::string body;
        bool tried = false;
    };

    void next() {
        if (waiting_.empty()) {
            return;
        }
        const auto now = SteadyClock::now();
        if (!rate_.take(now)) {
            return pause(rate_.wait(now));
        }
        ApiRequest request;
        request.method = "POST";
        request.target = waiting_.front().target;
        request.body = waiting_.front().body;
        call_ = client_.send(std::move(request), *this);
    }

    void pause(SteadyClock::duration duration) {
        pausing_ = true;
        timer_.expires_after(duration);
        timer_.async_wait(
            [this, alive = std::weak_ptr<void>(alive_)](const boost::system::error_code& error) {
                if (!error && !alive.expired()) {
                    pausing_ = false;
                    next();
                }
            });
    }

    void warn_of_rights() {
        if (!std::exchange(told_of_rights_, true)) {
            log_.warning(
                "Events cannot be posted (403): allow create for events in the API group "
                "events.k8s.io, as ClusterRole system:node-proxier does");
        }
    }

    ApiClient& client_;
    Log& log_;
    EventRecorderOptions options_;
    EventLimits limits_;
    TokenBucket rate_;
    std::deque<Waiting> waiting_;
    bool told_of_rights_ = false;
    bool told_of_loss_ = false;
    std::optional<ApiHead> head_;
    std::unique_ptr<ApiCall> call_;
    bool pausing_ = false;
    boost::asio::steady_timer timer_;
    std::shared_ptr<void> alive_ = std::make_shared<char>();
};

}  // namespace

std::unique_ptr<EventSink> make_event_recorder(boost::asio::io_context& io, ApiClient& client,
                                               Log& log, EventRecorderOptions options) {
    return std::make_unique<ApiEventRecorder>(io, client, log, std::move(options));
}

}  // namespace sy
