// Observations as lines.
#pragma once

#include <string>

#include "backends/ebpf/observe/observation.h"

namespace sy {

/// For people: time (UTC), process, cgroup, protocol, where it wanted to go, and where it was sent
/// or that it was refused, and the Service. Without a line break.
std::string observation_line(const ebpf::Observation& seen);
/// One JSON object. Without a line break.
std::string observation_json(const ebpf::Observation& seen);

}  // namespace sy
