// Whether the kernel can do what the IPVS backend needs.
#pragma once

#include <string>

#include "backends/ipvs/kernel/servers.h"
#include "os/sysctl.h"

namespace sy::ipvs {

/// Loads ip_vs and the scheduler if that is possible, and tries each feature. The error says what
/// is missing, what to load, or which mode to choose.
Result<void> probe_features(Servers& servers, const Sysctl& sysctl, const std::string& scheduler);

}  // namespace sy::ipvs
