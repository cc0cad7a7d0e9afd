// The list of backends: one line each in registry.cpp.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "backends/backend.h"
#include "backends/settings.h"

namespace sy {

/// What it takes to use a backend without knowing its type.
struct BackendEntry {
    /// Value of --proxy-mode.
    std::string_view name;
    /// Opens what the backend needs, in the network namespace of the calling thread. `log` must
    /// outlive the backend.
    Result<std::unique_ptr<Backend>> (*make)(const BackendSettings& settings, Log& log);
    /// Everything the backend would write for these plans, in the words of its own tool.
    std::string (*render)(const PlanDelta& plans, const NodeFacts& facts,
                          const BackendSettings& settings);
    /// Removes what this backend has in the kernel and `successor` does not use, now that the
    /// successor has taken over; leaves alone what both share. Returns what goes on with it, to be
    /// called at once; null: nothing is left. `log` must outlive that. Null: the two share
    /// everything.
    Result<std::unique_ptr<Retirement>> (*retire)(const BackendSettings& settings,
                                                  const BackendEntry& successor, Log& log);
    /// Removes all that this backend may have in the kernel, whatever else the host lacks for it.
    /// Null: a made backend's teardown does.
    Result<void> (*remove)(const BackendSettings& settings, Log& log) = nullptr;
    /// Loads kernel modules that the backend will need and that neither the kernel loads by itself
    /// nor a process with `capabilities` only can load. What fails here is for `make` to tell.
    /// Null: there are none.
    void (*load_modules)(const BackendSettings& settings) = nullptr;
    /// Capabilities (CAP_… of linux/capability.h) that the running backend needs.
    std::span<const int> capabilities;
    /// Folder that no two instances may share, of whatever network namespaces. If it does not
    /// exist, nothing of the backend's own is in the kernel. Null: none.
    std::string (*place)(const BackendSettings& settings) = nullptr;
};

std::span<const BackendEntry> backends();
/// Null if there is none of that name.
const BackendEntry* find_backend(std::string_view name);

}  // namespace sy
