// Events of the programs in words of ours.
#pragma once

#include <chrono>

#include "backends/ebpf/observe/observation.h"
#include "bpf/abi.h"

namespace sy::ebpf {

/// All but the names of cgroup and Service. `boot` is when CLOCK_MONOTONIC was zero.
Observation decode(const sy_event& event, std::chrono::system_clock::time_point boot);

/// The text of a name, which ends with zeros or with its field.
std::string service_of(const sy_name& name);

}  // namespace sy::ebpf
