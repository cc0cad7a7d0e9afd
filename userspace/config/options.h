// What the daemon is told, from kube-proxy's configuration.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/clock.h"
#include "agent/kernel_settings.h"
#include "agent/node_facts.h"
#include "agent/quarantine.h"
#include "backends/settings.h"
#include "base/log.h"
#include "base/serving_options.h"
#include "config/proxy_config.h"

namespace sy {

struct LogOptions {
    LogLevel level = LogLevel::info;
    bool json = false;

    friend bool operator==(const LogOptions&, const LogOptions&) = default;
};

/// How the API server is reached.
struct ApiOptions {
    /// File; with an empty `master` too: as a pod reaches it.
    std::string kubeconfig;
    /// URL; wins over the kubeconfig's.
    std::string master;

    friend bool operator==(const ApiOptions&, const ApiOptions&) = default;
};

/// Everything `run` and `render` can be told.
struct Options {
    /// The file it comes from; empty: from flags alone.
    std::string config_file;
    std::vector<std::string> manifests;
    /// Present if there are no manifests.
    std::optional<ApiOptions> api;
    std::string proxy_mode;
    std::string node_name;
    NodeOptions node;
    BackendSettings backend;
    KernelSettings kernel;
    Duration min_sync_period{0};
    Duration sync_period = std::chrono::seconds(30);
    Quarantine::Config quarantine;
    ServingOptions serving;
    /// Service ports with metrics of their own, at most.
    std::size_t metrics_max_services = 1000;
    LogOptions log;
    int oom_score_adj = -999;
    /// Write kernel settings, check, and end.
    bool init_only = false;
    /// The configuration in force, for /configz.
    std::string configz;
    /// Legal but probably not meant; one line each.
    std::vector<std::string> warnings;
};

/// What a configuration is judged against.
struct Surroundings {
    /// Values of `mode`, the default first.
    std::vector<std::string_view> proxy_modes;
    /// What the operating system calls this host.
    std::string hostname;
};

/// What messages call the field at a path: the file with the line, or the flag.
using Place = std::function<std::string(std::string_view path)>;

struct Interpretation {
    /// Of no use if there are errors.
    Options options;
    /// Places of what is set and means nothing here.
    std::vector<std::string> inert;
    /// One line each.
    std::vector<std::string> errors;
};

/// `given` is what was written, not complete().
Interpretation interpret(const ProxyConfig& given, const Surroundings& surroundings,
                         const Place& place);

/// What of `given` says how to log; good or not, something can be logged.
LogOptions log_options(const ProxyConfig& given);

}  // namespace sy
