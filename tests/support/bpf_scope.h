// A bpf file system and a cgroup of a test's own: BPF programs of the test see nobody else's
// sockets, and everything pinned is gone afterwards.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace sy::lab {

/// A bpffs in a temporary folder and a child of the cgroup2 hierarchy. The destructor unmounts and
/// removes both; processes still in the cgroup are moved out of it. What a killed test program left
/// is removed by the next create().
class BpfScope {
  public:
    /// Needs root. Changes no namespace of the caller.
    static Result<BpfScope> create();

    BpfScope(BpfScope&& other) noexcept;
    BpfScope& operator=(BpfScope&&) = delete;
    ~BpfScope();

    /// Where the bpffs is mounted; empty at first.
    const std::filesystem::path& folder() const { return folder_; }
    /// The cgroup's folder. Cgroups below it are removed with it.
    const std::filesystem::path& cgroup() const { return cgroup_; }

    /// Moves this process, with all its threads, into the cgroup. Children made later start there.
    Result<void> join() const;
    /// Moves this process back to the root of the hierarchy.
    Result<void> leave() const;

  private:
    BpfScope(std::filesystem::path folder, std::filesystem::path cgroup)
        : folder_(std::move(folder)), cgroup_(std::move(cgroup)) {}

    std::filesystem::path folder_;
    std::filesystem::path cgroup_;
};

/// Moves a process into a cgroup.
Result<void> move_to_cgroup(int pid, const std::filesystem::path& cgroup);

}  // namespace sy::lab
