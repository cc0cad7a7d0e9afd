// A program attached to a hook of a cgroup.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"
#include "os/fd.h"

namespace sy::ebpf {

/// What the kernel says a link is.
struct LinkFacts {
    uint32_t program = 0;
    /// enum bpf_attach_type; 0 with cgroup 0 for a link of another kind.
    uint32_t attach_type = 0;
    /// Inode number of the cgroup's folder; 0: detached, or the cgroup is gone.
    uint64_t cgroup = 0;

    friend bool operator==(const LinkFacts&, const LinkFacts&) = default;
};

/// Owner of one descriptor. The program stays attached as long as a descriptor or a pin of the link
/// exists, or until detach().
class Link {
  public:
    /// The link that is pinned there; ENOENT if nothing is.
    static Result<Link> open(const std::string& pin);
    /// Attaches beside what others have attached there.
    static Result<Link> attach(int program, int cgroup, uint32_t attach_type);

    Result<LinkFacts> facts() const;
    /// Puts another program in the place of the present one; no socket call goes without.
    Result<void> update(int program) const;
    /// Pins it, in place of whatever is pinned there.
    Result<void> pin(const std::string& path) const;
    /// Ends it now, whoever else refers to it.
    Result<void> detach() const;

  private:
    explicit Link(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
};

}  // namespace sy::ebpf
