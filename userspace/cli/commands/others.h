// What other backends, and other instances, have to do with the one at work.
#pragma once

#include <optional>

#include "backends/registry.h"
#include "base/log.h"
#include "os/instance_lock.h"

namespace sy {

/// Keeps other instances, of this or any network namespace, away from where the backend keeps
/// things. Nothing if it keeps none. The error names the holder; it has no code then (see
/// InstanceLock::take_for).
Result<std::optional<InstanceLock>> lock_place(const BackendEntry& entry,
                                               const BackendSettings& settings);
/// False: the backend has never been at work there.
bool has_place(const BackendEntry& entry, const BackendSettings& settings);

/// Removes what the other backends have left, now that `successor` has taken over. What another
/// instance is at work with stays. Failures are only told: the next start tries again.
void retire_others(const BackendEntry& successor, const BackendSettings& settings, Log& log);

}  // namespace sy
