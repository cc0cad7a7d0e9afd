#include "os/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace sy {
namespace {

/// The process that wrote the file; 0: it does not say.
pid_t holder(int file) {
    std::array<char, 32> text{};
    const auto size = pread(file, text.data(), text.size() - 1, 0);
    pid_t pid = 0;
    std::from_chars(text.data(), text.data() + std::max<ssize_t>(size, 0), pid);
    return pid;
}

/// Locks the file. A holder that was killed while it started a program is gone a moment before that
/// program lets go of what it inherited: worth waiting for.
bool lock(int file) {
    constexpr int kTries = 100;
    for (int i = 0;; ++i) {
        if (flock(file, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        const pid_t pid = holder(file);
        const bool gone = pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
        if (!gone || i == kTries) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

/// A path as part of a file's name: "/a/b-c" is "-a-b%2dc".
std::string escaped(std::string_view path) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '/') {
            out += '-';
        } else if (std::isalnum(byte) != 0 || c == '_' || c == '.') {
            out += c;
        } else {
            out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
        }
    }
    return out;
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
    return take_file(folder / ("net-" + std::to_string(ns.st_ino) + ".lock"),
                     "is at work in this network namespace");
}

Result<InstanceLock> InstanceLock::take_for(const std::filesystem::path& place,
                                            const std::filesystem::path& folder,
                                            const std::string& role) {
    std::error_code error;
    const auto canonical = std::filesystem::weakly_canonical(place, error);
    if (error) {
        return fail("find out which folder this is", place, error.value());
    }
    return take_file(folder / (role + escaped(canonical.string()) + ".lock"),
                     "is at work with " + place.string());
}

Result<InstanceLock> InstanceLock::take_file(const std::filesystem::path& path,
                                             const std::string& where) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    for (;;) {
        Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!file) {
            return fail("open the lock file", path, errno);
        }
        if (!lock(file.get())) {
            const pid_t pid = holder(file.get());
            return fail("another switchyard" +
                        (pid > 0 ? " (process " + std::to_string(pid) + ")" : "") + " " + where);
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
