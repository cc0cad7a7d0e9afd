// One daemon per network namespace.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/result.h"
#include "os/fd.h"

namespace sy {

/// Held by the process that writes rules in a network namespace. The kernel lets go of it when the
/// process ends, however it ends.
class InstanceLock {
  public:
    /// For the network namespace of the calling thread. The error names the holder.
    /// `folder` is made if it does not exist.
    static Result<InstanceLock> take(const std::filesystem::path& folder = "/run/switchyard");

    /// Lets go, and leaves no file behind.
    void remove();

  private:
    InstanceLock(Fd file, std::filesystem::path path)
        : file_(std::move(file)), path_(std::move(path)) {}

    Fd file_;
    std::filesystem::path path_;
};

}  // namespace sy
