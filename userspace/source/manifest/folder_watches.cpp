#include "source/manifest/folder_watches.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "source/manifest/paths.h"
#include "source/manifest/store.h"

namespace sy {
namespace {

constexpr uint32_t kNameEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr uint32_t kSelfEvents = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr uint32_t kFileEvents = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
constexpr uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT;

}  // namespace

std::vector<std::string> manifests_in(const std::string& folder) {
    std::vector<std::string> files;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (is_manifest_name(name)) {
            files.push_back(join(folder, name));
        }
    }
    std::ranges::sort(files);
    return files;
}

void FolderWatches::add_trace(Folders& folders, const std::string& path, bool is_file) {
    for (const auto& step : trace(path)) {
        auto& folder = folders[step.folder];
        if (step.is_target && is_file) {
            folder.files[step.name].insert(path);
        } else {
            folder.links.insert(step.name);
        }
    }
}

FolderWatches::Folders FolderWatches::folders_of(const std::vector<std::string>& paths) {
    Folders folders;
    for (const auto& path : paths) {
        const bool folder = is_folder(path);
        add_trace(folders, path, !folder);
        if (!folder) {
            continue;
        }
        folders[path].is_path = true;
        for (const auto& file : manifests_in(path)) {
            if (is_symlink(file)) {
                add_trace(folders, file, true);
            }
        }
    }
    return folders;
}

bool FolderWatches::follow(const std::vector<std::string>& paths) {
    auto folders = folders_of(paths);
    std::map<int, std::vector<std::string>> by_watch;
    for (const auto& [path, folder] : folders) {
        const bool has_files = folder.is_path || !folder.files.empty();
        const auto watch = inotify_.watch(
            path, kNameEvents | kSelfEvents | IN_MASK_ADD | (has_files ? kFileEvents : 0U));
        if (watch) {
            by_watch[*watch].push_back(path);
        } else if (watch.error().code != ENOENT && watch.error().code != ENOTDIR) {
            log_.warning(watch.error().message());
        }
    }
    for (const auto& [watch, names] : by_watch_) {
        if (!by_watch.contains(watch)) {
            inotify_.unwatch(watch);
        }
    }
    const bool changed = folders != folders_ || by_watch != by_watch_;
    folders_ = std::move(folders);
    by_watch_ = std::move(by_watch);
    return changed;
}

FolderWatches::Meaning FolderWatches::meaning(const FolderEvent& event) const {
    Meaning meaning;
    const auto watched = by_watch_.find(event.watch);
    if (watched == by_watch_.end()) {
        return meaning;
    }
    meaning.look_again = (event.mask & kGone) != 0;
    for (const auto& path : watched->second) {
        const auto& folder = folders_.at(path);
        if (folder.links.contains(event.name) && (event.mask & kNameEvents) != 0) {
            meaning.look_again = true;
        }
        if (const auto file = folder.files.find(event.name); file != folder.files.end()) {
            meaning.files.insert(meaning.files.end(), file->second.begin(), file->second.end());
        }
        if (folder.is_path && is_manifest_name(event.name)) {
            meaning.files.push_back(join(path, event.name));
        }
    }
    std::ranges::sort(meaning.files);
    meaning.files.erase(std::ranges::unique(meaning.files).begin(), meaning.files.end());
    return meaning;
}

}  // namespace sy
