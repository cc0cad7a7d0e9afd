// What a changed configuration asks of a running daemon.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"

namespace sy {

/// Names of what has changed, in the words of the configuration file. Both empty: nothing that
/// matters here.
struct ReloadPlan {
    /// Can be taken over while everything runs.
    std::vector<std::string_view> now;
    /// Needs a new process.
    std::vector<std::string_view> restart;

    bool nothing() const { return now.empty() && restart.empty(); }
    /// One line for the log; empty if no restart is needed.
    std::string restart_reason() const;

    friend bool operator==(const ReloadPlan&, const ReloadPlan&) = default;
};

ReloadPlan compare(const Options& running, const Options& wanted);

}  // namespace sy
