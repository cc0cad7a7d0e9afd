// Events through the API.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/cluster_event.h"
#include "base/log.h"
#include "kube/client.h"

namespace boost::asio {
class io_context;
}

namespace sy {

struct EventRecorderOptions {
    /// The node that reports.
    std::string node;
    /// An event was dropped: too many, or refused.
    std::function<void()> on_dropped = [] {};
    std::function<std::chrono::system_clock::time_point()> clock = std::chrono::system_clock::now;
    /// Before the only second try.
    std::chrono::milliseconds retry_pause = std::chrono::seconds(1);
    /// On average; 25 may go at once.
    std::chrono::milliseconds period = std::chrono::milliseconds(200);
};

/// Posts events one after the other, at most five a second, as EventLimits lets them through. What
/// waits is bounded; what fails twice is dropped. `client` must outlive it. No timer and no
/// connection while there is nothing to tell.
std::unique_ptr<EventSink> make_event_recorder(boost::asio::io_context& io, ApiClient& client,
                                               Log& log, EventRecorderOptions options);

}  // namespace sy
