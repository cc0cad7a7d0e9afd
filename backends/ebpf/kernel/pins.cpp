#include "backends/ebpf/kernel/pins.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <string_view>

namespace sy::ebpf {
namespace {

namespace fs = std::filesystem;

/// What is in a folder; nothing if there is no such folder.
Result<std::vector<std::string>> names_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        names.push_back(it->path().filename().string());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return fail("cannot be listed", folder, error.value());
    }
    return names;
}

/// Zero if it is no number as we write them.
uint64_t number_of(const std::string& name) {
    uint64_t number = 0;
    const char* end = name.data() + name.size();
    const auto [stopped, error] = std::from_chars(name.data(), end, number);
    return error == std::errc{} && stopped == end && name == std::to_string(number) ? number : 0;
}

Result<void> make_folder(const std::string& path) {
    constexpr mode_t kOwnerOnly = 0700;
    if (mkdir(path.c_str(), kOwnerOnly) != 0 && errno != EEXIST) {
        return fail("cannot be made", path, errno);
    }
    return {};
}

}  // namespace

Result<void> unpin(const std::string& path) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
        return fail("cannot be unpinned", path, errno);
    }
    return {};
}

Result<std::vector<Generation>> Pins::generations() const {
    const auto names = names_in(root_);
    if (!names) {
        return std::unexpected(names.error());
    }
    std::vector<Generation> found;
    for (const std::string& name : *names) {
        if (const uint64_t number = number_of(name); number != 0) {
            const std::string folder = root_ + "/" + name;
            found.push_back({number, folder, access((folder + "/layout").c_str(), F_OK) == 0});
        }
    }
    std::ranges::sort(found, {}, &Generation::number);
    return found;
}

Result<std::optional<Generation>> Pins::newest_finished() const {
    const auto all = generations();
    if (!all) {
        return std::unexpected(all.error());
    }
    const auto newest = std::find_if(all->rbegin(), all->rend(),
                                     [](const Generation& one) { return one.finished; });
    return newest == all->rend() ? std::nullopt : std::optional(*newest);
}

Result<Generation> Pins::add(const Maps& maps) const {
    const auto present = generations();
    if (!present) {
        return std::unexpected(present.error());
    }
    const uint64_t number = present->empty() ? 1 : present->back().number + 1;
    Generation made{number, root_ + "/" + std::to_string(number), true};
    auto done = make_folder(root_);
    if (done) {
        done = make_folder(made.folder);
    }
    for (const MapRow& row : map_rows()) {
        if (done) {
            done = maps[row.id].pin(made.folder + "/" + row.name);
        }
    }
    if (!done) {
        (void)remove(made);
        return std::unexpected(done.error());
    }
    return made;
}

Result<void> Pins::remove(const Generation& generation) const {
    auto done = unpin(generation.folder + "/layout");
    const auto names = names_in(generation.folder);
    if (!done || !names) {
        return done ? std::unexpected(names.error()) : done;
    }
    for (const std::string& name : *names) {
        if (done = unpin(generation.folder + "/" + name); !done) {
            return done;
        }
    }
    if (rmdir(generation.folder.c_str()) != 0 && errno != ENOENT) {
        return fail("cannot be removed", generation.folder, errno);
    }
    return {};
}

Result<void> Pins::make_links_folder() const {
    auto done = make_folder(root_);
    return done ? make_folder(root_ + "/links") : done;
}

Result<std::vector<std::string>> Pins::links() const {
    auto names = names_in(root_ + "/links");
    if (names) {
        for (std::string& name : *names) {
            name.insert(0, root_ + "/links/");
        }
    }
    return names;
}

void Pins::remove_folders() const {
    rmdir((root_ + "/links").c_str());
    rmdir(root_.c_str());
}

}  // namespace sy::ebpf
