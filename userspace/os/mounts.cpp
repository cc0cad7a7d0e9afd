#include "os/mounts.h"

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ranges>

namespace sy {
namespace {

namespace fs = std::filesystem;

// Spaces, tabs, newlines and backslashes are written as a backslash and three octal digits.
std::string unescape(std::string_view text) {
    const auto digit = [](char c) { return c >= '0' && c <= '7'; };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && text.size() - i > 3 && digit(text[i + 1]) && digit(text[i + 2]) &&
            digit(text[i + 3])) {
            out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                     (text[i + 3] - '0'));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (const auto word : std::views::split(line, ' ')) {
        words.emplace_back(word.begin(), word.end());
    }
    return words;
}

// ID parent device root folder options [optional fields …] - type source options
std::optional<Mount> parse_line(std::string_view line) {
    constexpr std::size_t kRoot = 3;
    constexpr std::size_t kFolder = 4;
    constexpr std::size_t kOptional = 6;
    const auto words = words_of(line);
    if (words.size() < kOptional) {
        return std::nullopt;
    }
    const auto dash = std::find(words.begin() + kOptional, words.end(), "-");
    if (dash == words.end() || dash + 1 == words.end()) {
        return std::nullopt;
    }
    return Mount{unescape(words[kRoot]), unescape(words[kFolder]), unescape(dash[1])};
}

// The closest folder on the way to `path` that exists.
fs::path existing_part(fs::path path) {
    std::error_code error;
    while (!fs::exists(path, error) && path.has_relative_path()) {
        path = path.parent_path();
    }
    return path;
}

bool is_bpffs(const fs::path& path) {
    struct statfs facts{};
    return statfs(path.c_str(), &facts) == 0 &&
           static_cast<unsigned long>(facts.f_type) == BPF_FS_MAGIC;
}

bool is_below(const fs::path& path, const fs::path& folder) {
    const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
    return end == folder.end();
}

}  // namespace

std::vector<Mount> parse_mounts(std::string_view mountinfo) {
    std::vector<Mount> mounts;
    for (const auto line : std::views::split(mountinfo, '\n')) {
        if (auto mount = parse_line(std::string_view(line.begin(), line.end()))) {
            mounts.push_back(std::move(*mount));
        }
    }
    return mounts;
}

Result<std::vector<Mount>> read_mounts() {
    constexpr const char* kFile = "/proc/thread-self/mountinfo";
    std::ifstream file(kFile);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (!file.is_open() || text.empty()) {
        return fail("cannot be read", kFile, errno);
    }
    return parse_mounts(text);
}

std::optional<std::string> cgroup2_of(const std::vector<Mount>& mounts) {
    const Mount* found = nullptr;
    for (const Mount& mount : mounts) {
        if (mount.filesystem == "cgroup2" &&
            (found == nullptr || (found->root != "/" && mount.root == "/"))) {
            found = &mount;
        }
    }
    return found == nullptr ? std::nullopt : std::optional(found->folder);
}

Result<std::string> find_cgroup2() {
    const auto mounts = read_mounts();
    if (!mounts) {
        return std::unexpected(mounts.error());
    }
    if (auto folder = cgroup2_of(*mounts)) {
        return *folder;
    }
    return fail(
        "the cgroup2 hierarchy is not mounted: mount it (mount -t cgroup2 none FOLDER), or name "
        "the folder where it is");
}

Result<void> require_bpffs(const std::string& folder) {
    const fs::path path = fs::path(folder).lexically_normal();
    if (!path.is_absolute()) {
        return fail("the folder of pins must be an absolute path", folder);
    }
    if (is_bpffs(existing_part(path))) {
        return {};
    }
    const fs::path conventional(kBpfFolder);
    if (!is_below(path, conventional)) {
        return fail("not in a bpf file system: mount one there (mount -t bpf bpf FOLDER)", folder);
    }
    if (mount("bpf", conventional.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700") !=
        0) {
        return fail(
            "no bpf file system could be mounted (mount the host's into the pod, or mount one "
            "with: mount -t bpf bpf /sys/fs/bpf)",
            conventional.string(), errno);
    }
    return {};
}

}  // namespace sy
