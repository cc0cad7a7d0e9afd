// Files that hold credentials, and that change while we run.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace sy {

/// The whole file; an error (with errno) if it cannot be read or is larger than any credential.
Result<std::string> read_small_file(const std::string& path);

/// Tells versions of a file apart without reading it. Follows symbolic links, which is how mounted
/// secrets change.
struct FileMark {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t size = -1;
    int64_t changed_ns = 0;

    /// Of the file at `path` now; the empty mark if there is none.
    static FileMark of(const std::string& path);
    friend bool operator==(const FileMark&, const FileMark&) = default;
};

}  // namespace sy
