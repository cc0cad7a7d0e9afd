// One request on one connection.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "kube/client.h"
#include "kube/dialer.h"

namespace sy {

struct AttemptOptions {
    /// The deadline is set by the attempt.
    DialOptions dial;
    /// The request as it goes over the wire.
    std::string wire;
    /// As in ApiRequest.
    std::chrono::milliseconds head_timeout{};
    std::chrono::milliseconds body_timeout{};
};

/// Lives on the strand.
class Attempt {
  public:
    /// `handler` is called as ApiHandler says, with one addition: it may pause the attempt from
    /// within on_head(). Redirects are errors.
    static std::unique_ptr<Attempt> make(boost::asio::io_context& io, AttemptOptions options,
                                         ApiHandler& handler);
    /// Closes the connection at once; no call follows. May be called from within any.
    virtual ~Attempt() = default;

    /// Nothing is read until resume(), and no time limit runs.
    virtual void pause() = 0;
    virtual void resume() = 0;
};

}  // namespace sy
