#include <fmt/format.h>

#include <cstdio>
#include <ranges>

#include "backends/registry.h"
#include "cli/commands/commands.h"
#include "cli/commands/others.h"
#include "cli/log_sink.h"
#include "cli/log_text.h"
#include "os/instance_lock.h"

namespace sy {
namespace {

/// True if nothing of the backend is left.
bool remove_all(const BackendEntry& entry, const BackendSettings& settings, Log& log) {
    const auto failed = [&](const Error& error) {
        log.error(fmt::format("{}: {}", entry.name, error.message()));
        return false;
    };
    if (!has_place(entry, settings)) {
        fmt::print("{}: nothing of ours was there\n", entry.name);
        return true;
    }
    auto place = lock_place(entry, settings);
    if (!place && place.error().code == 0) {
        // Of another network namespace: it holds no lock of this one.
        fmt::print("{}: left alone, {}\n", entry.name, place.error().message());
        return true;
    }
    if (!place) {
        return failed(place.error());
    }
    if (entry.remove != nullptr) {
        if (const auto removed = entry.remove(settings, log); !removed) {
            return failed(removed.error());
        }
        fmt::print("{}: nothing of ours is left\n", entry.name);
        return true;
    }
    auto backend = entry.make(settings, log);
    if (!backend) {
        return failed(backend.error());
    }
    // Only to be able to say what was there; what cannot be read can still be removed.
    const auto found = (*backend)->adopt();
    if (const auto removed = (*backend)->teardown(); !removed) {
        return failed(removed.error());
    }
    if (*place) {
        (*place)->remove();
    }
    if (found && found->found == 0) {
        fmt::print("{}: nothing of ours was there\n", entry.name);
    } else if (found) {
        fmt::print("{}: removed {} kernel objects\n", entry.name, found->found);
    } else {
        fmt::print("{}: removed\n", entry.name);
    }
    return true;
}

}  // namespace

int cleanup(const CleanupOptions& options) {
    const auto log = make_log(options.log);
    auto lock = InstanceLock::take();
    if (!lock) {
        log->error(lock.error().message() + "; stop it first");
        return 1;
    }
    bool clean = true;
    // Later backends build on the first one, and go first.
    for (const BackendEntry& entry : std::views::reverse(backends())) {
        clean = remove_all(entry, options.backend, *log) && clean;
    }
    lock->remove();
    return clean ? 0 : 1;
}

int version() {
    fmt::print("switchyard {}\n", SWITCHYARD_VERSION);
    return 0;
}

}  // namespace sy
