// A backend with a cluster in it, without the rest of the daemon.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "backends/registry.h"
#include "base/symbols.h"
#include "bench/harness.h"
#include "model/cluster_state.h"
#include "model/event.h"

namespace sy::bench {

/// In the network namespace of the calling thread. The destructor removes what is in the kernel.
/// Errors end the program with a message.
class Loaded {
  public:
    /// So many Services of make_events() with `endpoints` each, and one of UDP.
    Loaded(const BackendEntry& entry, const BackendSettings& settings, uint32_t services,
           uint32_t endpoints);
    ~Loaded() { (void)backend_->teardown(); }
    Loaded(const Loaded&) = delete;
    Loaded& operator=(const Loaded&) = delete;

    Symbols& symbols() { return symbols_; }
    /// Brings the changes into the kernel.
    void apply(std::vector<Event> events);

  private:
    Result<void> read();
    void add_udp(uint32_t endpoints);

    QuietLog log_;
    Symbols symbols_;
    ClusterState state_;
    NodeFacts facts_;
    std::unique_ptr<Backend> backend_;
};

/// Where the UDP Service is: on the address before all others.
inline constexpr IpAddr kUdpService = IpAddr::v4(10, 95, 0, 1);

}  // namespace sy::bench
