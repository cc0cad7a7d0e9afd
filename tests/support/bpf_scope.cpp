#include "tests/support/bpf_scope.h"

#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

#include "os/mounts.h"

namespace sy::lab {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCgroupPrefix = "switchyard-test-";
constexpr std::string_view kFolderPrefix = "switchyard-bpf-";

// "PREFIX PID - N": left by a process that is gone.
bool is_stale(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) {
        return false;
    }
    name.remove_prefix(prefix.size());
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    return error == std::errc{} && end != name.data() + name.size() && *end == '-' && pid > 0 &&
           kill(pid, 0) != 0 && errno == ESRCH;
}

std::vector<fs::path> children(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (it->is_directory(error)) {
            found.push_back(it->path());
        }
    }
    return found;
}

void empty_out(const fs::path& cgroup, const fs::path& parent) {
    std::ifstream members(cgroup / "cgroup.procs");
    for (int pid = 0; members >> pid;) {
        (void)move_to_cgroup(pid, parent);
    }
}

void remove_cgroup(const fs::path& cgroup, const fs::path& parent) {
    for (const fs::path& child : children(cgroup)) {
        remove_cgroup(child, parent);
    }
    empty_out(cgroup, parent);
    ::rmdir(cgroup.c_str());
}

void remove_bpffs(const fs::path& folder) {
    while (::umount2(folder.c_str(), MNT_DETACH) == 0) {
    }
    ::rmdir(folder.c_str());
}

void remove_stale(const fs::path& hierarchy, const fs::path& temporary) {
    for (const fs::path& child : children(hierarchy)) {
        if (is_stale(child.filename().native(), kCgroupPrefix)) {
            remove_cgroup(child, hierarchy);
        }
    }
    for (const fs::path& child : children(temporary)) {
        if (is_stale(child.filename().native(), kFolderPrefix)) {
            remove_bpffs(child);
        }
    }
}

}  // namespace

Result<void> move_to_cgroup(int pid, const fs::path& cgroup) {
    const fs::path file = cgroup / "cgroup.procs";
    std::ofstream procs(file);
    procs << pid << std::flush;
    if (!procs) {
        return fail("cannot move process " + std::to_string(pid) + " there", file.string(), errno);
    }
    return {};
}

Result<BpfScope> BpfScope::create() {
    static std::atomic<unsigned> count{0};
    const auto hierarchy = find_cgroup2();
    if (!hierarchy) {
        return std::unexpected(hierarchy.error());
    }
    const fs::path temporary = fs::temp_directory_path();
    remove_stale(*hierarchy, temporary);
    const std::string name = std::to_string(::getpid()) + "-" + std::to_string(++count);
    const fs::path folder = temporary / (std::string(kFolderPrefix) + name);
    const fs::path cgroup = fs::path(*hierarchy) / (std::string(kCgroupPrefix) + name);
    for (const fs::path& path : {folder, cgroup}) {
        std::error_code error;
        fs::create_directory(path, error);
        if (error) {
            return fail("cannot be made (root needed)", path.string(), error.value());
        }
    }
    BpfScope scope(folder, cgroup);
    if (::mount("bpf", folder.c_str(), "bpf", 0, nullptr) != 0) {
        return fail("cannot mount a bpf file system", folder.string(), errno);
    }
    // Private: unmounting here is unmounting, whatever copies of the mount table there are.
    ::mount(nullptr, folder.c_str(), nullptr, MS_PRIVATE, nullptr);
    return scope;
}

BpfScope::BpfScope(BpfScope&& other) noexcept
    : folder_(std::move(other.folder_)), cgroup_(std::move(other.cgroup_)) {
    other.folder_.clear();
    other.cgroup_.clear();
}

BpfScope::~BpfScope() {
    if (folder_.empty()) {
        return;
    }
    remove_bpffs(folder_);
    remove_cgroup(cgroup_, cgroup_.parent_path());
}

Result<void> BpfScope::join() const {
    return move_to_cgroup(::getpid(), cgroup_);
}

Result<void> BpfScope::leave() const {
    return move_to_cgroup(::getpid(), cgroup_.parent_path());
}

}  // namespace sy::lab
