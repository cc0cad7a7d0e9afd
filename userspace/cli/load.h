// From flags and the file they name to what the daemon is told.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"
#include "config/options.h"
#include "config/proxy_config.h"

namespace sy {

/// Reads a whole file.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

struct Loading {
    /// Of no use if there are errors.
    Options options;
    /// The configuration in force.
    ProxyConfig config;
    /// One line each, beginning with the flag, or with file and line.
    std::vector<std::string> errors;
};

/// Precedence is kube-proxy's: with --config the file, and of the flags only those that
/// FlagSpec::with_config lets count, which win; without it the flags.
Loading load_options(const Flags& flags, const Surroundings& surroundings,
                     const ReadFile& read_file);

struct CleanupOptions {
    LogOptions log;
    /// Where backends keep things; the rest are defaults.
    BackendSettings backend;
};

/// Of cleanup_flag_specs() alone; others, and a file, are not looked at.
Result<CleanupOptions> load_cleanup_options(const Flags& flags);

}  // namespace sy
