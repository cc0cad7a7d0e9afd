#include "cli/commands/config_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace sy {

Result<std::string> read_config_file(const std::string& path) {
    constexpr std::size_t kLargest = 1 << 20;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               &std::fclose);
    if (!file) {
        return fail("cannot be read", path, errno);
    }
    std::string text;
    std::array<char, 16384> buffer{};
    while (const auto size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        text.append(buffer.data(), size);
        if (text.size() > kLargest) {
            return fail("is too large for a configuration", path);
        }
    }
    if (std::ferror(file.get()) != 0) {
        return fail("cannot be read", path, errno);
    }
    return text;
}

}  // namespace sy
