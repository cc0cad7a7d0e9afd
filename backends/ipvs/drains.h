// Destinations that nobody asks for any more but whose connections live on, and servers that go
// with their last destination. A value without clock or IO.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "backends/ipvs/kernel.h"

namespace sy::ipvs {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// How long connections to an endpoint that is gone may live on: rsGracefulDeletePeriod of
/// kube-proxy's ipvs mode (pkg/proxy/ipvs/graceful_termination.go).
inline constexpr std::chrono::minutes kDrainBound{15};
/// How often destinations that drain are looked at.
inline constexpr std::chrono::seconds kDrainPeriod{2};

class Drains {
  public:
    /// The destination has weight 0 now.
    void begin(const ServerKey& server, const EndpointAddr& address, TimePoint now);
    /// It is wanted again. False if it does not drain.
    bool stop(const ServerKey& server, const EndpointAddr& address);
    bool draining(const ServerKey& server, const EndpointAddr& address) const;

    /// The server shall go as soon as nothing of it drains.
    void close(const ServerKey& server) { closing_.insert(server); }
    /// It is wanted again. False if it was not about to go.
    bool reopen(const ServerKey& server) { return closing_.erase(server) != 0; }
    bool closing(const ServerKey& server) const { return closing_.contains(server); }
    /// Whether a server with this id is about to go.
    bool closing_id(Family family, uint32_t id) const;

    /// Whether something drains that began no later than `at`.
    bool any_since(TimePoint at) const;

    bool empty() const { return begun_.empty() && closing_.empty(); }
    /// Servers with destinations that drain, sorted, unique.
    std::vector<ServerKey> servers() const;

    /// What can go now: destinations without connections (`active` tells of all that still exist)
    /// or at their bound, and servers left with none. Forgets them.
    std::vector<Change> settle(std::span<const Activity> active, TimePoint now);
    /// Servers that can go without asking the kernel. Forgets them.
    std::vector<Change> settle_servers();

  private:
    using Place = std::pair<ServerKey, EndpointAddr>;

    std::map<Place, TimePoint> begun_;
    std::set<ServerKey> closing_;
};

}  // namespace sy::ipvs
