// What settings were before we changed them, kept for a later process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sy::ipvs {

/// One small file per setting, at its name below a folder and in the form it has in /proc/sys: so
/// there is no format that two versions could disagree about, and a crash leaves whole values
/// only. Below /run, because it must outlive the process but not the kernel: with a restart of the
/// machine the settings are gone as well.
class SavedValues {
  public:
    explicit SavedValues(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Keeps the value unless one is kept already: the first is the one from before us.
    Result<void> keep(std::string_view name, uint64_t value) const;
    Result<std::optional<uint64_t>> find(std::string_view name) const;
    void forget(std::string_view name) const;

  private:
    std::filesystem::path folder_;
};

/// The folder for the network namespace of the calling thread, below `run_folder`.
Result<std::filesystem::path> saved_values_folder(const std::filesystem::path& run_folder);

}  // namespace sy::ipvs
