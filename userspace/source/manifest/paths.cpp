#include "source/manifest/paths.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>

#include "os/fd.h"

namespace sy {
namespace {

constexpr off_t kMaxFile = off_t{1} << 30;
constexpr unsigned kMaxLinks = 40;  // as the kernel allows

int64_t nanoseconds(const timespec& time) {
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileStamp stamp(const struct stat& info) {
    return {info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim),
            nanoseconds(info.st_ctim)};
}

// The parts between slashes, empty ones and "." left out, put before `rest`.
void push_parts(std::deque<std::string>& rest, const std::string& path) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < path.size();) {
        const auto slash = std::min(path.find('/', at), path.size());
        auto part = path.substr(at, slash - at);
        if (!part.empty() && part != ".") {
            parts.push_back(std::move(part));
        }
        at = slash + 1;
    }
    rest.insert(rest.begin(), parts.begin(), parts.end());
}

std::string read_link(const std::string& path) {
    std::array<char, PATH_MAX> target;
    const auto size = ::readlink(path.c_str(), target.data(), target.size());
    return size <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

}  // namespace

std::string join(const std::string& folder, const std::string& name) {
    return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

std::optional<FileStamp> stamp_of(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
        return std::nullopt;
    }
    return stamp(info);
}

bool is_folder(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_symlink(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

bool has_other_names(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink > 1;
}

Result<void> check_readable(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info{};
    if (!fd || ::fstat(fd.get(), &info) != 0) {
        return fail("cannot read manifests", path, errno);
    }
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        return fail("cannot read manifests: neither a file nor a folder", path);
    }
    return {};
}

std::string plain_path(const std::string& path) {
    std::deque<std::string> parts;
    push_parts(parts, path);
    std::string plain = path.starts_with('/') ? "/" : "";
    for (const auto& part : parts) {
        plain += (plain.empty() || plain == "/" ? "" : "/") + part;
    }
    return plain.empty() && !path.empty() ? "." : plain;
}

Result<FileContent> read_file(const std::string& path) {
    // Non-blocking, so that a FIFO with a manifest's name stops nobody.
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info{};
    if (!fd || ::fstat(fd.get(), &info) != 0) {
        return fail("cannot be read", path, errno);
    }
    if (S_ISDIR(info.st_mode)) {
        return fail("cannot be read", path, EISDIR);
    }
    if (!S_ISREG(info.st_mode)) {
        return fail("is not a regular file", path);
    }
    if (info.st_size > kMaxFile) {
        return fail("is larger than 1 GiB", path, EFBIG);
    }
    FileContent content{stamp(info), std::string(static_cast<std::size_t>(info.st_size), '\0')};
    std::size_t filled = 0;
    while (filled < content.text.size()) {
        const auto size =
            ::read(fd.get(), content.text.data() + filled, content.text.size() - filled);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return fail("cannot be read", path, errno);
        }
        if (size == 0) {
            break;
        }
        filled += static_cast<std::size_t>(size);
    }
    content.text.resize(filled);
    return content;
}

std::vector<PathStep> trace(const std::string& path) {
    std::vector<PathStep> steps;
    std::deque<std::string> rest;
    push_parts(rest, path);
    std::string folder = path.starts_with('/') ? "/" : ".";
    unsigned links = 0;
    while (!rest.empty()) {
        const auto name = std::move(rest.front());
        rest.pop_front();
        const auto here = join(folder, name);
        struct stat info{};
        if (::lstat(here.c_str(), &info) != 0) {
            steps.push_back({folder, name, false});
            break;
        }
        if (!S_ISLNK(info.st_mode)) {
            if (rest.empty()) {
                steps.push_back({folder, name, true});
            }
            folder = here;
            continue;
        }
        steps.push_back({folder, name, false});
        const auto target = read_link(here);
        if (++links > kMaxLinks || target.empty()) {
            break;
        }
        if (target.starts_with('/')) {
            folder = "/";
        }
        push_parts(rest, target);
    }
    return steps;
}

}  // namespace sy
