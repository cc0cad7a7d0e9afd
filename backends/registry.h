// The list of backends: one line each in registry.cpp.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "backends/backend.h"

namespace sy {

/// What it takes to use a backend without knowing its type.
struct BackendEntry {
    /// Value of --proxy-mode.
    std::string_view name;
    /// Opens what the backend needs, in the network namespace of the calling thread. `log` must
    /// outlive the backend.
    Result<std::unique_ptr<Backend>> (*make)(Log& log);
    /// Everything the backend would write for these plans, in the words of its own tool.
    std::string (*render)(const PlanDelta& plans, const NodeFacts& facts);
};

std::span<const BackendEntry> backends();
/// Null if there is none of that name.
const BackendEntry* find_backend(std::string_view name);

}  // namespace sy
