// The real program as a child process in the node's namespace.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/lab.h"
#include "tests/support/manifests.h"

namespace sy::lab {

/// Flags of every daemon in the lab: the node's name, the pod networks as --cluster-cidr, all of
/// the log, and no limits of the host touched.
std::vector<std::string> lab_flags();

/// `switchyard` as it goes on until it is told to end. Killed, if need be, with this object, and by
/// the kernel should the test itself die.
class Daemon {
  public:
    /// `switchyard WORDS…` in the node's namespace; with a `wrapper`, a program that becomes it.
    Daemon(const Lab& lab, std::vector<std::string> words, std::vector<std::string> wrapper = {});
    /// `switchyard run` on a folder of manifests, with lab_flags() and `more`.
    Daemon(const Lab& lab, const ManifestFolder& folder, std::vector<std::string> more = {});
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon();

    pid_t pid() const { return pid_; }
    void signal(int number) const;
    /// Waits for the end; the exit status, or 128 + signal.
    int wait();
    /// Ends it with SIGTERM and waits.
    int terminate();
    void kill();
    bool running();
    /// What it logged so far.
    std::string log() const;

  private:
    Fd log_;
    pid_t pid_ = -1;
    std::optional<int> status_;
};

/// Path of the program under test.
std::string program();

/// Runs `switchyard WORDS…` in the node's namespace to its end.
Result<Finished> run_switchyard(const Lab& lab, std::vector<std::string> words);

}  // namespace sy::lab
