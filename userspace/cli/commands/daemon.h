// The daemon: all parts together, on one strand but for what blocks.
#pragma once

#include <functional>
#include <memory>

#include "cli/load.h"
#include "cli/log_sink.h"
#include "config/options.h"

namespace sy {

class Daemon {
  public:
    /// Reads the configuration again.
    using Reload = std::function<Loading()>;

    /// `log` must outlive the daemon.
    Daemon(Options options, Reload reload, ConfigurableLog& log);
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon();

    /// Runs until SIGTERM, SIGINT or an error that does not pass. Returns the exit code.
    int run();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sy
