// Finds the first packet that follows a change: what users see of a proxy's latency.
#pragma once

#include <chrono>
#include <optional>

#include "base/net.h"
#include "os/fd.h"

namespace sy::bench {

using Clock = std::chrono::steady_clock;

/// Where connections of probes arrive, on every local IPv4 address.
inline constexpr Port kProbed{5300};

/// Opens one TCP connection after the other to a frontend and looks where they arrive. Lives in the
/// network namespace of the thread that made it; endpoints are addresses that are local there, so
/// that a connection has arrived, or has not, when the call that opens it returns.
class Prober {
  public:
    /// Ends the program if the kernel refuses the socket.
    Prober();

    /// From `begin` until the first connection to `frontend` arrived at `endpoint`; nothing if that
    /// takes longer than `limit`. One leaves every 50 us, after 20 ms every 400th of the time that
    /// has passed.
    std::optional<Clock::duration> first_at(const EndpointAddr& frontend, const IpAddr& endpoint,
                                            Clock::time_point begin, Clock::duration limit);

  private:
    /// Takes what has arrived anywhere; whether some of it did at `endpoint`.
    bool arrived_at(const IpAddr& endpoint);

    Fd server_;
};

/// Whether a TCP connection to `frontend` is answered within `patience`.
bool answers(const EndpointAddr& frontend, std::chrono::milliseconds patience);

}  // namespace sy::bench
