// Whether this kernel, as we may use it, can do what the backend needs.
#pragma once

#include <string>

#include "backends/ebpf/kernel/cgroup.h"
#include "base/log.h"
#include "base/result.h"

namespace sy::ebpf {

/// Makes and does each thing once, in its smallest size and pinned nowhere. The links that are made
/// on the cgroup run programs that let everything pass, and end at once.
Result<void> probe_features(const Cgroup& cgroup, Log& log);

}  // namespace sy::ebpf
