#include "backends/nftables/backend/lingering.h"

#include <algorithm>
#include <ranges>

namespace sy::nft {
namespace {

bool has_to_linger(const Element& element) {
    return element.set() == SetId::hairpin;
}

}  // namespace

Lingering::Spared Lingering::spare(Stage& stage) const {
    Spared spared;
    std::erase_if(stage.remove, [&](const ObjectOp<Element>& op) {
        if (!has_to_linger(op.object)) {
            return false;
        }
        spared.leaving.push_back(op.object);
        return true;
    });
    if (since_.empty()) {
        return spared;
    }
    std::erase_if(stage.add, [&](const ObjectOp<Element>& op) {
        if (!since_.contains(op.object)) {
            return false;
        }
        spared.returning.push_back(op.object);
        return true;
    });
    return spared;
}

void Lingering::note(const Spared& spared, TimePoint now) {
    for (const auto& element : spared.leaving) {
        since_.insert_or_assign(element, now);
    }
    for (const auto& element : spared.returning) {
        since_.erase(element);
    }
}

void Lingering::keep_leftovers(std::vector<Element>& removals, TimePoint now) {
    std::erase_if(removals, [&](const Element& element) {
        return has_to_linger(element) && since_.insert_or_assign(element, now).second;
    });
}

std::optional<std::chrono::milliseconds> Lingering::due_in(TimePoint now) const {
    using std::chrono::milliseconds;
    if (since_.empty()) {
        return std::nullopt;
    }
    const TimePoint first = std::ranges::min(since_ | std::views::values);
    return std::clamp(std::chrono::ceil<milliseconds>(first + kTime - now), milliseconds(0), kTime);
}

std::vector<Element> Lingering::take_due(TimePoint now) {
    std::vector<Element> due;
    std::erase_if(since_, [&](const auto& entry) {
        if (now - entry.second < kTime) {
            return false;
        }
        due.push_back(entry.first);
        return true;
    });
    return due;
}

std::vector<Element> Lingering::all() const {
    const auto elements = since_ | std::views::keys;
    return {elements.begin(), elements.end()};
}

}  // namespace sy::nft
