// Questions to the file system that the manifest source asks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sy {

/// Tells versions of a file apart without reading it.
struct FileStamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;

    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct FileContent {
    FileStamp stamp;
    std::string text;
};

/// Stamp of the regular file `path` leads to; nothing if there is none.
std::optional<FileStamp> stamp_of(const std::string& path);
bool is_folder(const std::string& path);
bool is_symlink(const std::string& path);
/// The file has further names, so it was not created just now to be written.
bool has_other_names(const std::string& path);

/// Fails if `path` does not lead to a file or folder that can be read: most likely a typing error.
Result<void> check_readable(const std::string& path);

/// `path` without doubled and trailing slashes and "." parts, so that a folder and a file in it
/// meet under the same name. ".." stays: with symbolic links it means something.
std::string plain_path(const std::string& path);

/// Reads a regular file; `code` of the error is ENOENT if it is not there (any more), EISDIR if
/// it is a folder.
Result<FileContent> read_file(const std::string& path);

/// A place that has to be watched to learn that a path leads somewhere else now.
struct PathStep {
    std::string folder;
    std::string name;
    /// This is the thing itself, not a symbolic link on the way; false as well for the first part
    /// that is missing.
    bool is_target = false;

    friend bool operator==(const PathStep&, const PathStep&) = default;
};

/// Follows `path` link by link, ConfigMap-style chains included, and names every link on the way
/// and where it ends.
std::vector<PathStep> trace(const std::string& path);

/// folder + "/" + name, without doubling the slash.
std::string join(const std::string& folder, const std::string& name);

}  // namespace sy
