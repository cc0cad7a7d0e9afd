#include "source/manifest/inotify.h"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sy {

Result<Inotify> Inotify::open() {
    Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd) {
        return fail("cannot watch files (is fs.inotify.max_user_instances too low?)", {}, errno);
    }
    return Inotify(std::move(fd));
}

Result<int> Inotify::watch(const std::string& path, uint32_t events) {
    const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), events | IN_ONLYDIR);
    if (watch < 0) {
        return fail("cannot watch the folder", path, errno);
    }
    return watch;
}

void Inotify::unwatch(int watch) {
    ::inotify_rm_watch(fd_.get(), watch);
}

Result<std::vector<FolderEvent>> Inotify::read() {
    std::vector<FolderEvent> events;
    alignas(inotify_event) std::array<char, 16384> buffer;
    for (;;) {
        const auto size = ::read(fd_.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0 && errno != EAGAIN) {
            return fail("cannot read file events", {}, errno);
        }
        if (size <= 0) {
            return events;
        }
        for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
            inotify_event event;
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const char* name = buffer.data() + at + sizeof event;
            events.push_back({event.wd, event.mask, std::string(name, ::strnlen(name, event.len))});
            at += sizeof event + event.len;
        }
    }
}

}  // namespace sy
