// The kernel's notice of changes in folders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace sy {

/// One event of a watched folder; `mask` is a set of IN_* bits. `name` is empty if the event is
/// about the folder itself.
struct FolderEvent {
    int watch = -1;
    uint32_t mask = 0;
    std::string name;
};

/// An inotify instance. The kernel drops a watch when its folder goes (IN_IGNORED says so), and all
/// of them when the descriptor is closed.
class Inotify {
  public:
    static Result<Inotify> open();

    /// Watches the folder that `path` leads to now. Watching the same folder again gives the same
    /// number, and the new set of events.
    Result<int> watch(const std::string& path, uint32_t events);
    void unwatch(int watch);
    /// All events that have arrived; none if there are none. Never blocks.
    Result<std::vector<FolderEvent>> read();
    /// For waiting until it is readable; stays owned by this object.
    int descriptor() const { return fd_.get(); }

  private:
    explicit Inotify(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
};

}  // namespace sy
