// The folder of pins: <root>/<generation>/<map> and <root>/links/<hook>.
//
// A generation is a set of maps; numbers only grow. The map `layout` is pinned last and unpinned
// first, so a folder without it was never finished or is being removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/ebpf/kernel/schema.h"
#include "base/result.h"

namespace sy::ebpf {

struct Generation {
    uint64_t number = 0;
    std::string folder;
    bool finished = false;
};

/// Touches nothing but folders with numbers for names, and `links`.
class Pins {
  public:
    explicit Pins(std::string root) : root_(std::move(root)) {}

    const std::string& root() const { return root_; }
    /// Ascending; none if there is no such folder.
    Result<std::vector<Generation>> generations() const;
    /// Nothing if there is none.
    Result<std::optional<Generation>> newest_finished() const;

    /// Makes the folder of the next generation and pins the maps there. Nothing stays after a
    /// failure.
    Result<Generation> add(const Maps& maps) const;
    Result<void> remove(const Generation& generation) const;

    std::string link(const char* hook) const { return root_ + "/links/" + hook; }
    Result<void> make_links_folder() const;
    /// Paths of all that is pinned there, of hooks we do not know too.
    Result<std::vector<std::string>> links() const;
    /// Removes the folders if they are empty.
    void remove_folders() const;

  private:
    std::string root_;
};

/// Unpins one object. It is no failure if there is none.
Result<void> unpin(const std::string& path);

}  // namespace sy::ebpf
