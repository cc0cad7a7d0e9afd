#include "os/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string>

#include "os/fd.h"

namespace sy {

Result<uint64_t> Sysctl::read(std::string_view name) const {
    const Fd file(open((root_ / name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        return fail("read the kernel setting", std::string(name), errno);
    }
    std::array<char, 64> text{};
    const auto size = ::read(file.get(), text.data(), text.size());
    if (size < 0) {
        return fail("read the kernel setting", std::string(name), errno);
    }
    uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + size, value).ec != std::errc{}) {
        return fail("the kernel setting is not a number", std::string(name));
    }
    return value;
}

Result<void> Sysctl::write(std::string_view name, uint64_t value) const {
    const Fd file(open((root_ / name).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    if (!file) {
        return fail("write the kernel setting", std::string(name), errno);
    }
    const std::string text = std::to_string(value) + "\n";
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return fail("write the kernel setting", std::string(name), errno);
    }
    return {};
}

}  // namespace sy
