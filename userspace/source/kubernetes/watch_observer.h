// What the Kubernetes source tells of its watches, for metrics.
#pragma once

#include <string_view>

namespace sy {

/// All calls on the strand. `resource` is "services", "endpointslices", "nodes" or "servicecidrs".
class WatchObserver {
  public:
    virtual ~WatchObserver() = default;

    /// The server answers (200, or that it does not have an optional resource) or, with false, the
    /// stream has ended or never began.
    virtual void on_connected(std::string_view resource, bool connected) = 0;
    /// A watch ended and another one begins. `reason` is one of a handful of words: "timeout" (the
    /// server's own), "cut", "expired" (410), "refused" (any other status), "unreachable".
    virtual void on_watch_restarted(std::string_view resource, std::string_view reason) = 0;
    /// A complete list was taken in, as a difference to what was known.
    virtual void on_listed(std::string_view resource) = 0;
    /// An object could not be used.
    virtual void on_malformed(std::string_view resource) = 0;
};

}  // namespace sy
