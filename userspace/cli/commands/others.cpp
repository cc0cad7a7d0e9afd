#include "cli/commands/others.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace sy {
namespace {

void retire(const BackendEntry& entry, const BackendEntry& successor,
            const BackendSettings& settings, Log& log) {
    if (!has_place(entry, settings)) {
        return;
    }
    auto place = lock_place(entry, settings);
    if (!place) {
        log.info(
            fmt::format("what mode {} has is left alone: {}", entry.name, place.error().message()));
        return;
    }
    if (const auto done = entry.retire(settings, successor, log); !done) {
        log.warning(fmt::format("what mode {} has left could not be removed: {}", entry.name,
                                done.error().message()));
    } else if (entry.place != nullptr && !has_place(entry, settings)) {
        log.info(fmt::format("removed what mode {} has left", entry.name));
    }
    if (*place) {
        (*place)->remove();
    }
}

}  // namespace

Result<std::optional<InstanceLock>> lock_place(const BackendEntry& entry,
                                               const BackendSettings& settings) {
    if (entry.place == nullptr) {
        return std::nullopt;
    }
    auto lock = InstanceLock::take_for(entry.place(settings));
    if (lock) {
        return std::optional(std::move(*lock));
    }
    return std::unexpected(lock.error());
}

bool has_place(const BackendEntry& entry, const BackendSettings& settings) {
    std::error_code error;
    return entry.place == nullptr || std::filesystem::exists(entry.place(settings), error);
}

void retire_others(const BackendEntry& successor, const BackendSettings& settings, Log& log) {
    for (const BackendEntry& entry : backends()) {
        if (&entry != &successor && entry.retire != nullptr) {
            retire(entry, successor, settings, log);
        }
    }
}

}  // namespace sy
