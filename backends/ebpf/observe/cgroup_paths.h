// Which cgroup an id stands for.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace sy::ebpf {

/// The kernel has no call for it that needs no rights, so the hierarchy is walked when an unknown
/// id turns up, once a second at most. What was found stays known after the cgroup is gone.
class CgroupPaths {
  public:
    using Clock = std::chrono::steady_clock;

    /// `mount`: where cgroup2 is mounted.
    explicit CgroupPaths(std::string mount) : mount_(std::move(mount)) {}

    /// Below the mount: "/" or "/a/b". Empty: there is none of that id, as far as is known.
    std::string path_of(uint64_t id, Clock::time_point now);

  private:
    void walk(const std::string& folder, unsigned depth);

    std::string mount_;
    std::unordered_map<uint64_t, std::string> paths_;
    Clock::time_point next_walk_;
};

}  // namespace sy::ebpf
