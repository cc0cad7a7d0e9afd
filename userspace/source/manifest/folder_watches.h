// Which folders have to be watched for a set of paths, and what an event in one of them means.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "source/manifest/inotify.h"

namespace sy {

/// Watches for manifest paths: the folders among them, the folders that hold the files among them,
/// and the folders of every symbolic link on the way.
class FolderWatches {
  public:
    /// What an event means.
    struct Meaning {
        /// Manifest files (under the paths they are known by) the event is about.
        std::vector<std::string> files;
        /// A path may lead somewhere else now: look at all of them again.
        bool look_again = false;
    };

    /// Both must outlive this object.
    FolderWatches(Inotify& inotify, Log& log) : inotify_(inotify), log_(log) {}

    /// Watches what `paths` lead to now. True if that changed something; look at the files again
    /// then, because what happened before the watch was set went unnoticed.
    bool follow(const std::vector<std::string>& paths);

    Meaning meaning(const FolderEvent& event) const;

  private:
    struct Folder {
        /// The folder is one of the paths: every manifest name in it counts.
        bool is_path = false;
        /// Names whose change may lead a path elsewhere.
        std::set<std::string> links;
        /// Names of files, with the paths they are known by.
        std::map<std::string, std::set<std::string>> files;

        friend bool operator==(const Folder&, const Folder&) = default;
    };
    using Folders = std::map<std::string, Folder>;

    static Folders folders_of(const std::vector<std::string>& paths);
    static void add_trace(Folders& folders, const std::string& path, bool is_file);

    Inotify& inotify_;
    Log& log_;
    Folders folders_;
    /// Folders by watch; several if they are spellings of one.
    std::map<int, std::vector<std::string>> by_watch_;
};

/// Manifest files in `folder`, sorted; none if it cannot be read.
std::vector<std::string> manifests_in(const std::string& folder);

}  // namespace sy
