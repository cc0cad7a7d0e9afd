// Which observations somebody wants to see.
#pragma once

#include <optional>
#include <string>

#include "backends/ebpf/observe/observation.h"
#include "base/ip.h"

namespace sy {

/// All that is given has to match.
struct ObserveFilter {
    /// "namespace/service", or "namespace/service:port" for one port of it.
    std::string service{};
    std::string ns{};
    std::string process{};
    /// A cgroup, and what is below it.
    std::string cgroup{};
    /// Of the Service or of the endpoint.
    std::optional<IpAddr> address{};
    bool refused = false;

    bool wants(const ebpf::Observation& seen) const;

    friend bool operator==(const ObserveFilter&, const ObserveFilter&) = default;
};

}  // namespace sy
