// Where the cgroup2 hierarchy and bpf file systems are mounted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sy {

/// A line of /proc/PID/mountinfo (man 5 proc).
struct Mount {
    /// What of the file system is mounted: "/", or a folder of it.
    std::string root;
    std::string folder;
    std::string filesystem;

    friend bool operator==(const Mount&, const Mount&) = default;
};

/// In the order of the text: what is mounted over something comes after it. Lines that are no
/// mounts are skipped.
std::vector<Mount> parse_mounts(std::string_view mountinfo);
/// Mounts of this process.
Result<std::vector<Mount>> read_mounts();

/// The mount of the cgroup2 hierarchy, unified or hybrid; one that shows all of it is preferred.
std::optional<std::string> cgroup2_of(const std::vector<Mount>& mounts);
/// Where this process sees the cgroup2 hierarchy.
Result<std::string> find_cgroup2();

/// Where the system's bpf file system is by convention.
inline constexpr std::string_view kBpfFolder = "/sys/fs/bpf";

/// Makes sure that `folder` is, or can be made, in a bpf file system. Mounts one at kBpfFolder if
/// `folder` is that or below it and none is mounted there. Anywhere else that is the user's affair.
Result<void> require_bpffs(const std::string& folder);

}  // namespace sy
