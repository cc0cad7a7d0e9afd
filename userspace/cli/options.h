// What the flags mean.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/clock.h"
#include "agent/kernel_settings.h"
#include "agent/node_facts.h"
#include "base/log.h"
#include "base/result.h"
#include "base/serving_options.h"
#include "cli/flags.h"

namespace sy {

struct LogOptions {
    LogLevel level = LogLevel::info;
    bool json = false;

    friend bool operator==(const LogOptions&, const LogOptions&) = default;
};

/// Everything `run` and `render` can be told.
struct Options {
    std::vector<std::string> manifests;
    std::string proxy_mode;
    std::string node_name;
    NodeOptions node;
    KernelSettings kernel;
    Duration min_sync_period{0};
    Duration sync_period = std::chrono::seconds(30);
    ServingOptions serving;
    LogOptions log;
    /// Legal but probably not meant; one line each.
    std::vector<std::string> warnings;
};

/// What flags are judged against.
struct Surroundings {
    /// Values of --proxy-mode, the default first.
    std::vector<std::string_view> proxy_modes;
    /// What the operating system calls this host.
    std::string hostname;
};

/// Reads all flags. The error's `on` is the flag, its `what` says what is wrong and how to mend it.
Result<Options> read_options(const Flags& flags, const Surroundings& surroundings);

/// Reads the logging flags alone.
Result<LogOptions> read_log_options(const Flags& flags);

}  // namespace sy
