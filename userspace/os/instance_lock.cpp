#include "os/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace sy {
namespace {

std::string holder(int file) {
    std::array<char, 32> text{};
    const auto size = pread(file, text.data(), text.size() - 1, 0);
    std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    pid.erase(std::min(pid.find('\n'), pid.size()));
    const bool number = !pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos;
    return number ? " (process " + pid + ")" : "";
}

/// The file may have been removed between opening and locking it.
bool still_there(int file, const std::filesystem::path& path) {
    struct stat ours{};
    struct stat there{};
    return fstat(file, &ours) == 0 && stat(path.c_str(), &there) == 0 &&
           ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

}  // namespace

Result<InstanceLock> InstanceLock::take(const std::filesystem::path& folder) {
    struct stat ns{};
    if (stat("/proc/thread-self/ns/net", &ns) != 0) {
        return fail("find out the network namespace", "/proc/thread-self/ns/net", errno);
    }
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::filesystem::path path = folder / ("net-" + std::to_string(ns.st_ino) + ".lock");
    for (;;) {
        Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!file) {
            return fail("open the lock file", path, errno);
        }
        if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                return fail("another switchyard" + holder(file.get()) +
                            " is at work in this network namespace");
            }
            return fail("lock", path, errno);
        }
        if (!still_there(file.get(), path)) {
            continue;
        }
        const std::string pid = std::to_string(getpid()) + "\n";
        if (ftruncate(file.get(), 0) != 0 ||
            pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
            return fail("write the lock file", path, errno);
        }
        return InstanceLock(std::move(file), path);
    }
}

void InstanceLock::remove() {
    std::error_code error;
    std::filesystem::remove(path_, error);
    std::filesystem::remove(path_.parent_path(), error);  // only if it is empty
    file_.reset();
}

}  // namespace sy
