// What "switchyard observe" is told.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "cli/flags.h"
#include "cli/observe_filter.h"
#include "config/options.h"

namespace sy {

struct ObserveOptions {
    LogOptions log;
    /// Folder of pins.
    std::string bpf_root;
    /// A folder of the hierarchy in which names of cgroups are looked up; empty: anywhere.
    std::string cgroup_root;
    ObserveFilter filter;
    bool json = false;
    /// Events to show before it ends; 0: no end.
    uint64_t count = 0;
};

/// In the order of the help.
std::span<const FlagSpec> observe_flag_specs();

/// The error begins with the flag.
Result<ObserveOptions> load_observe_options(const Flags& flags);

}  // namespace sy
