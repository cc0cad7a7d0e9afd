// Network namespaces without names: held by a descriptor only, so that nothing is left behind
// however the test ends.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace sy::lab {

/// A network namespace of our own. It lives as long as this object, a process or a socket is in it.
class NetNs {
  public:
    /// A new namespace with `lo` down and no other interface. Needs root.
    static Result<NetNs> create();

    int fd() const { return fd_.get(); }
    /// A path under which other processes (of root) can open the namespace while this one runs.
    std::string path() const;

  private:
    explicit NetNs(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
};

/// Moves the calling thread into a namespace and, at the end of the scope, back to where it was.
/// Sockets made meanwhile stay in the namespace. Aborts if the kernel refuses either way: a test
/// must never touch the host's namespace by mistake.
class Entered {
  public:
    explicit Entered(const NetNs& ns);
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;
    ~Entered();

  private:
    Fd before_;
};

/// A process that does nothing but be in a namespace, as long as this object lives: who looks for
/// namespaces among the processes finds it, like a pod's.
class Resident {
  public:
    static Result<Resident> start(const NetNs& ns);
    Resident(Resident&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    Resident& operator=(Resident&&) = delete;
    ~Resident();

  private:
    explicit Resident(pid_t pid) : pid_(pid) {}

    pid_t pid_;
};

/// What a finished program left.
struct Finished {
    /// Exit status, or 128 + signal.
    int status = 0;
    std::string out;
    std::string err;
};

/// Runs a program inside a namespace and waits for it. `argv[0]` is looked up in PATH.
Result<Finished> run_in(const NetNs& ns, const std::vector<std::string>& argv,
                        std::string_view input = {});

/// As run_in, but an exit status other than 0 is a failure; yields standard output.
Result<std::string> must_run_in(const NetNs& ns, const std::vector<std::string>& argv,
                                std::string_view input = {});

/// Writes a sysctl of the namespace, named by its path under /proc/sys.
Result<void> set_sysctl(const NetNs& ns, std::string_view path, std::string_view value);

/// Forgets every connection the namespace tracks.
Result<void> flush_conntrack(const NetNs& ns);

}  // namespace sy::lab
