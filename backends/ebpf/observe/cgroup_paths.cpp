#include "backends/ebpf/observe/cgroup_paths.h"

#include <dirent.h>
#include <sys/stat.h>

#include <memory>
#include <string_view>

namespace sy::ebpf {
namespace {

constexpr std::chrono::seconds kPause{1};
/// Far deeper than anybody nests; a guard, not a limit.
constexpr unsigned kMaxDepth = 64;

}  // namespace

std::string CgroupPaths::path_of(uint64_t id, Clock::time_point now) {
    auto known = paths_.find(id);
    if (known == paths_.end() && now >= next_walk_) {
        next_walk_ = now + kPause;
        struct stat root{};
        if (stat(mount_.c_str(), &root) == 0) {
            paths_[root.st_ino] = "/";
        }
        walk({}, 0);
        known = paths_.find(id);
    }
    return known == paths_.end() ? std::string() : known->second;
}

void CgroupPaths::walk(const std::string& folder, unsigned depth) {
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir((mount_ + folder).c_str()),
                                                      &closedir);
    if (!listing || depth == kMaxDepth) {
        return;  // it went away meanwhile
    }
    // The number of a cgroup's folder is the cgroup's id: no other call per folder.
    while (const dirent* entry = readdir(listing.get())) {
        const std::string_view name = entry->d_name;
        if (entry->d_type == DT_DIR && name != "." && name != "..") {
            std::string path = folder + "/" + std::string(name);
            walk(path, depth + 1);
            paths_[entry->d_ino] = std::move(path);
        }
    }
}

}  // namespace sy::ebpf
