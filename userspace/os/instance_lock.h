// One daemon per network namespace, and per place where it keeps things.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/result.h"
#include "os/fd.h"

namespace sy {

/// Held by the process that writes rules in a network namespace, or that owns a folder. The kernel
/// lets go of it when the process ends, however it ends.
class InstanceLock {
  public:
    /// For the network namespace of the calling thread. The error names the holder.
    /// `folder` is made if it does not exist.
    static Result<InstanceLock> take(const std::filesystem::path& folder = "/run/switchyard");

    /// For a folder that processes of other network namespaces can reach as well; one holder per
    /// role. It need not exist; of its paths, symbolic links are seen through. An error without a
    /// code (Error::code) means that another process holds it.
    static Result<InstanceLock> take_for(const std::filesystem::path& place,
                                         const std::filesystem::path& folder = "/run/switchyard",
                                         const std::string& role = "place");

    /// Lets go, and leaves no file behind.
    void remove();

  private:
    static Result<InstanceLock> take_file(const std::filesystem::path& path,
                                          const std::string& where);
    InstanceLock(Fd file, std::filesystem::path path)
        : file_(std::move(file)), path_(std::move(path)) {}

    Fd file_;
    std::filesystem::path path_;
};

}  // namespace sy
