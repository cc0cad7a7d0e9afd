#include "cli/commands/others.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace sy {
namespace {

void tell_failure(std::string_view mode, const Error& error, Log& log) {
    log.warning(
        fmt::format("what mode {} has left could not be removed: {}", mode, error.message()));
}

std::unique_ptr<Retirement> retire(const BackendEntry& entry, const BackendEntry& successor,
                                   const BackendSettings& settings, Log& log) {
    if (!has_place(entry, settings)) {
        return nullptr;
    }
    auto place = lock_place(entry, settings);
    if (!place) {
        log.info(
            fmt::format("what mode {} has is left alone: {}", entry.name, place.error().message()));
        return nullptr;
    }
    auto rest = entry.retire(settings, successor, log);
    if (!rest) {
        tell_failure(entry.name, rest.error(), log);
    } else if (entry.place != nullptr && !has_place(entry, settings)) {
        log.info(fmt::format("removed what mode {} has left", entry.name));
    }
    if (*place) {
        (*place)->remove();
    }
    return rest ? std::move(*rest) : nullptr;
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

Retirements retire_others(const BackendEntry& successor, const BackendSettings& settings,
                          Log& log) {
    Retirements retirements;
    for (const BackendEntry& entry : backends()) {
        if (&entry != &successor && entry.retire != nullptr) {
            if (auto rest = retire(entry, successor, settings, log)) {
                retirements.emplace(entry.name, std::move(rest));
            }
        }
    }
    return retirements;
}

std::optional<std::chrono::milliseconds> go_on_with(Retirements& retirements, Log& log) {
    std::optional<std::chrono::milliseconds> next;
    std::erase_if(retirements, [&](auto& entry) {
        const auto wait = entry.second->go_on();
        if (!wait) {
            tell_failure(entry.first, wait.error(), log);
            return true;
        }
        if (*wait) {
            next = next ? std::min(*next, **wait) : *wait;
        }
        return !*wait;
    });
    return next;
}

}  // namespace sy
