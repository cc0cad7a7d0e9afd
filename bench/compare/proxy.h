// The program that is measured, as a child process: switchyard in one of its modes, or whatever
// else takes kube-proxy's configuration file.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "os/fd.h"

namespace sy::bench {

/// Ended with this object, and by the kernel should we die.
class Proxy {
  public:
    /// Starts `argv` in the namespaces of the calling thread; what it says goes to the file `log`.
    /// Ends the program if it cannot be started.
    Proxy(std::vector<std::string> argv, const std::string& log);
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;
    ~Proxy();

    bool running();
    /// CPU seconds so far of all its threads and of the programs that it started and waited for.
    double cpu() const;
    /// How often its threads were switched to so far.
    double switches() const;
    /// A figure of /proc/PID/status in MB: "VmRSS:", "VmHWM:".
    double megabytes(std::string_view name) const;

  private:
    pid_t pid_ = -1;
    bool ended_ = false;
};

/// Memory of the kernel that is not page cache, in MB: slabs, vmalloc and per-CPU areas.
double kernel_megabytes();

}  // namespace sy::bench
