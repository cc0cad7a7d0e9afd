// Ending sockets by a program (bpf_sock_destroy, Linux 6.5): for kernels without SOCK_DESTROY.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_set>

#include "base/log.h"
#include "base/result.h"

namespace sy::ebpf {

/// An iterator program, loaded as long as this object lives.
class SocketReaper {
  public:
    /// Takes a tenth of a second or so: the kernel's types are read.
    static Result<SocketReaper> load(Log& log);

    /// Ends the UDP sockets of the calling thread's network namespace that have these cookies;
    /// returns the cookies of those that were there.
    Result<std::unordered_set<uint64_t>> end(std::span<const uint64_t> cookies) const;

    SocketReaper(SocketReaper&& other) noexcept;
    SocketReaper& operator=(SocketReaper&& other) noexcept;
    ~SocketReaper();

  private:
    struct Object;

    explicit SocketReaper(std::unique_ptr<Object> object);

    std::unique_ptr<Object> object_;
};

}  // namespace sy::ebpf
