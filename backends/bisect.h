// One bad Service costs one Service: commits a group, and when the kernel refuses it, finds the
// guilty ones by halving.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "backends/backend.h"
#include "base/result.h"

namespace sy {

/// Why a group was refused as a whole.
struct GroupRefused {
    Error error;
    /// Members that may be guilty, by index in the group; empty: any of them.
    std::vector<uint32_t> suspects;
    /// False: the refusal has nothing to do with members; splitting would not help.
    bool splittable = true;
};

/// Commits `items` through `commit`, which takes a group (a vector of items) and carries it out
/// whole or not at all; of a group that went through it may keep the items. Members that are
/// refused even alone go to `guilty` with the reason; all others are committed. Returns the error
/// of a refusal that splitting cannot help.
template <class Item>
Result<void> commit_or_split(
    std::vector<Item> items,
    const std::function<std::expected<void, GroupRefused>(std::vector<Item>&)>& commit,
    const std::function<void(const Item&, const Error&)>& guilty) {
    if (items.empty()) {
        return {};
    }
    const auto outcome = commit(items);
    if (outcome) {
        return {};
    }
    const auto& refused = outcome.error();
    if (!refused.splittable) {
        return std::unexpected(refused.error);
    }
    if (items.size() == 1) {
        guilty(items.front(), refused.error);
        return {};
    }
    // Suspects are tried in halves after the rest has gone through; without a hint the group
    // itself is halved.
    std::vector<bool> suspected(items.size(), false);
    for (const auto index : refused.suspects) {
        if (index < items.size()) {
            suspected[index] = true;
        }
    }
    std::vector<Item> innocent;
    std::vector<Item> suspects;
    for (std::size_t i = 0; i < items.size(); ++i) {
        (suspected[i] ? suspects : innocent).push_back(std::move(items[i]));
    }
    if (suspects.empty()) {
        std::swap(suspects, innocent);
    }
    const auto middle = suspects.begin() + static_cast<std::ptrdiff_t>((suspects.size() + 1) / 2);
    std::vector<Item> tail(std::make_move_iterator(middle),
                           std::make_move_iterator(suspects.end()));
    suspects.erase(middle, suspects.end());
    for (auto* part : {&innocent, &suspects, &tail}) {
        if (auto result = commit_or_split<Item>(std::move(*part), commit, guilty); !result) {
            return result;
        }
    }
    return {};
}

/// As commit_or_split, for changes of Services: the guilty ones are quarantined. A change without
/// a name is node-wide; if it is refused, and in any other trouble, `report` has a failure.
template <class Change>
void commit_or_quarantine(
    std::vector<Change> changes,
    const std::function<std::expected<void, GroupRefused>(std::vector<Change>&)>& commit,
    ApplyReport& report) {
    const auto guilty = [&](const Change& change, const Error& error) {
        if (change.service == ServiceName{}) {
            report.failure = error;
            return;
        }
        report.quarantined.push_back(
            {change.service, {error.what, "Service " + change.service.to_string(), error.code}});
    };
    if (const auto done = commit_or_split<Change>(std::move(changes), commit, guilty); !done) {
        report.failure = done.error();
    }
}

}  // namespace sy
