#include "serve/traffic_poll.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "agent/worker.h"

namespace sy {

namespace {
constexpr Duration kFresh = std::chrono::seconds(1);
}

struct TrafficPoll::Impl : std::enable_shared_from_this<Impl> {
    Impl(boost::asio::io_context& io_context, std::unique_ptr<TrafficReader> traffic_reader,
         Take on_read, SteadyClock steady)
        : io(io_context),
          reader(std::move(traffic_reader)),
          take(std::move(on_read)),
          clock(std::move(steady)) {}

    void begin() {
        // The worker, which is joined before the reader goes, needs no other hold of it.
        worker->post([this, weak = weak_from_this()] {
            boost::asio::post(
                io, [weak, read = TrafficRead{reader->read(), reader->read_programs()}]() mutable {
                    const auto self = weak.lock();
                    if (self && self->worker) {
                        self->done(std::move(read));
                    }
                });
        });
    }

    void done(TrafficRead read) {
        read_at = clock();
        take(std::move(read));
        for (const auto& then : std::exchange(waiting, {})) {
            then();
        }
    }

    boost::asio::io_context& io;
    std::unique_ptr<TrafficReader> reader;
    Take take;
    SteadyClock clock;
    std::optional<TimePoint> read_at;
    /// For the reading that runs; none runs if it is empty.
    std::vector<std::function<void()>> waiting;
    std::unique_ptr<Worker> worker = std::make_unique<Worker>();
};

TrafficPoll::TrafficPoll(boost::asio::io_context& io, std::unique_ptr<TrafficReader> reader,
                         Take take, SteadyClock clock)
    : impl_(std::make_shared<Impl>(io, std::move(reader), std::move(take), std::move(clock))) {}

TrafficPoll::~TrafficPoll() {
    impl_->worker.reset();
}

void TrafficPoll::refresh(std::function<void()> then) {
    Impl& impl = *impl_;
    if (impl.read_at && impl.clock() - *impl.read_at < kFresh) {
        then();
        return;
    }
    impl.waiting.push_back(std::move(then));
    if (impl.waiting.size() == 1) {
        impl.begin();
    }
}

}  // namespace sy
