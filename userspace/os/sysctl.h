// Kernel settings under /proc/sys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace sy {

/// Reads and writes settings that are one number. Names use slashes: "net/netfilter/nf_…".
class Sysctl {
  public:
    explicit Sysctl(std::filesystem::path root = "/proc/sys") : root_(std::move(root)) {}

    Result<uint64_t> read(std::string_view name) const;
    Result<void> write(std::string_view name, uint64_t value) const;

  private:
    std::filesystem::path root_;
};

}  // namespace sy
