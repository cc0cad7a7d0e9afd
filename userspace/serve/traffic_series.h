// Which Service ports get counters of their own: a cluster may have far more than a monitoring
// system wants.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/backend.h"

namespace sy {

/// Keeps what is shown within bounds, and every counter from going backwards. A port that has had
/// traffic and room keeps its own series as long as it exists; the busiest get the room that there
/// is. Ports without traffic are shown if all of them fit. The rest is counted together, per family
/// and protocol.
class TrafficSeries {
  public:
    /// PortTraffic::port of what is counted together. No Service is called so: names have a slash.
    static constexpr std::string_view kOthers = "others";

    /// `limit`: combinations of port, family and protocol with counters of their own.
    explicit TrafficSeries(std::size_t limit) : limit_(limit) {}

    /// What to show, now that this was read; in no order.
    std::vector<PortTraffic> show(std::vector<PortTraffic> now);

  private:
    /// A bit per family and protocol.
    struct Own {
        uint8_t kept = 0;
        uint8_t seen = 0;
    };
    /// A sum over ports that come and go, which must not go backwards when one goes.
    struct Sum {
        uint64_t shown = 0;
        uint64_t gone = 0;

        uint64_t follow(uint64_t present);
    };
    struct Others {
        Sum connections;
        Sum refusals;
    };
    /// Families times protocols.
    static constexpr std::size_t kKinds = 6;

    /// Moves the ports that have had their own series to `shown`; the others stay.
    void take_kept(std::vector<PortTraffic>& rows, std::vector<PortTraffic>& shown);
    void take_busiest(std::vector<PortTraffic>& rows, std::vector<PortTraffic>& shown);
    void add_others(const std::vector<PortTraffic>& rows, std::vector<PortTraffic>& shown);

    std::size_t limit_;
    std::unordered_map<std::string, Own> own_;
    std::array<Others, kKinds> others_{};
};

}  // namespace sy
