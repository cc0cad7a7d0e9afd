#include "backends/ebpf/kernel/skip_list.h"

#include "backends/ebpf/kernel/cgroup.h"
#include "backends/ebpf/kernel/key_set.h"
#include "os/mounts.h"
#include "os/netns.h"

namespace sy::ebpf {

void SkipList::warn(const std::string& entry, const Error& error) {
    if (warned_.insert(entry).second) {
        log_.warning("not left to the packet path: " + error.message());
    }
}

std::vector<uint64_t> SkipList::cgroups() {
    std::vector<uint64_t> ids;
    for (const std::string& path : settings_.skip_cgroups) {
        const auto mount = find_cgroup2();
        auto cgroup = mount ? Cgroup::open(*mount + "/" + path) : std::unexpected(mount.error());
        if (cgroup) {
            ids.push_back(cgroup->id());
            warned_.erase(path);
        } else {
            warn(path, cgroup.error());
        }
    }
    return ids;
}

std::vector<uint64_t> SkipList::namespaces() {
    std::vector<uint64_t> cookies;
    for (const std::string& file : settings_.skip_netns) {
        if (const auto cookie = netns_cookie_of(file)) {
            cookies.push_back(*cookie);
            warned_.erase(file);
        } else {
            warn(file, cookie.error());
        }
    }
    return cookies;
}

Result<bool> SkipList::use(const PinnedSet& set) {
    const auto cgroup_ids = cgroups();
    const auto cookies = namespaces();
    for (const auto& [id, keys] :
         {std::pair(MapId::skip_cgroups, &cgroup_ids), std::pair(MapId::skip_netns, &cookies)}) {
        if (auto done = replace_keys(set.maps()[id], *keys); !done) {
            return std::unexpected(done.error());
        }
    }
    return !cgroup_ids.empty() || !cookies.empty();
}

}  // namespace sy::ebpf
