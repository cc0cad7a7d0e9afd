#include "kube/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "os/fd.h"

namespace sy {
namespace {

constexpr std::size_t kMaxFile = 16UL << 20U;

}  // namespace

Result<std::string> read_small_file(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return fail("cannot be opened", path, errno);
    }
    std::string text;
    std::array<char, 16384> piece;
    for (;;) {
        const ssize_t n = ::read(fd.get(), piece.data(), piece.size());
        if (n == 0) {
            return text;
        }
        if (n > 0) {
            text.append(piece.data(), static_cast<std::size_t>(n));
        } else if (errno != EINTR) {
            return fail("cannot be read", path, errno);
        }
        if (text.size() > kMaxFile) {
            return fail("cannot be read", path, EFBIG);
        }
    }
}

FileMark FileMark::of(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
        return {};
    }
    return {.device = info.st_dev,
            .inode = info.st_ino,
            .size = info.st_size,
            // ctime: also what was renamed into place with an old mtime counts as new.
            .changed_ns = info.st_ctim.tv_sec * 1'000'000'000L + info.st_ctim.tv_nsec};
}

}  // namespace sy
