// The cgroup whose sockets are translated.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"
#include "os/fd.h"

namespace sy::ebpf {

/// A folder of the cgroup2 hierarchy. Holds a descriptor only: the cgroup can be removed.
class Cgroup {
  public:
    static Result<Cgroup> open(const std::string& folder);

    int fd() const { return fd_.get(); }
    /// What programs and links call it: the folder's inode number.
    uint64_t id() const { return id_; }
    const std::string& folder() const { return folder_; }
    /// True for the root of the machine's hierarchy; that of a cgroup namespace is not.
    bool is_root() const { return id_ == 1; }

  private:
    Cgroup(Fd fd, uint64_t id, std::string folder)
        : fd_(std::move(fd)), id_(id), folder_(std::move(folder)) {}

    Fd fd_;
    uint64_t id_ = 0;
    std::string folder_;
};

}  // namespace sy::ebpf
