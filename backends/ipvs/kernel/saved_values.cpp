#include "backends/ipvs/kernel/saved_values.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "os/fd.h"
#include "os/netns.h"
#include "os/sysctl.h"

namespace sy::ipvs {
namespace {

namespace fs = std::filesystem;

Result<void> write_file(const fs::path& path, const std::string& text) {
    const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return fail("keep the value of a kernel setting", path, errno);
    }
    return {};
}

}  // namespace

Result<void> SavedValues::keep(std::string_view name, uint64_t value) const {
    const auto kept = find(name);
    if (!kept || *kept) {
        return kept ? Result<void>() : std::unexpected(kept.error());
    }
    const fs::path path = folder_ / name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) {
        return fail("make the folder for old kernel settings", path.parent_path(), error.value());
    }
    fs::path fresh = path;
    fresh += ".new";
    if (auto written = write_file(fresh, std::to_string(value) + "\n"); !written) {
        return written;
    }
    fs::rename(fresh, path, error);
    if (error) {
        return fail("keep the value of a kernel setting", path, error.value());
    }
    return {};
}

Result<std::optional<uint64_t>> SavedValues::find(std::string_view name) const {
    const auto value = Sysctl(folder_).read(name);
    if (value) {
        return std::optional(*value);
    }
    if (value.error().code == ENOENT) {
        return std::nullopt;
    }
    return std::unexpected(value.error());
}

// The folders go with the last file in them.
void SavedValues::forget(std::string_view name) const {
    std::error_code error;
    fs::path path = folder_ / name;
    fs::remove(path, error);
    do {
        path = path.parent_path();
        fs::remove(path, error);
    } while (!error && path != folder_);
}

// The inode number of a namespace is given again after its end, the cookie (Linux 5.14) is not.
Result<fs::path> saved_values_folder(const fs::path& run_folder) {
    if (const auto cookie = netns_cookie()) {
        return run_folder / ("ipvs-net-" + std::to_string(*cookie));
    }
    struct stat ns{};
    if (stat("/proc/thread-self/ns/net", &ns) != 0) {
        return fail("find out the network namespace", "/proc/thread-self/ns/net", errno);
    }
    return run_folder / ("ipvs-net-inode-" + std::to_string(ns.st_ino));
}

}  // namespace sy::ipvs
