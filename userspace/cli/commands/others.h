// What other backends, and other instances, have to do with the one at work.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

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

/// What goes on after retire_others, by the name of the mode.
using Retirements = std::map<std::string_view, std::unique_ptr<Retirement>>;

/// Removes what the other backends have left, now that `successor` has taken over. What another
/// instance is at work with stays. Failures are only told: the next start tries again. What takes
/// its time is returned, for go_on_with().
Retirements retire_others(const BackendEntry& successor, const BackendSettings& settings, Log& log);

/// How long until the next call; nothing: all is gone, or failed and was told.
std::optional<std::chrono::milliseconds> go_on_with(Retirements& retirements, Log& log);

}  // namespace sy
