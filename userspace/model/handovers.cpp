#include "model/handovers.h"

#include <algorithm>
#include <utility>

namespace sy {

void Handovers::passed(Owner from, Owner to) {
    if (from != to) {
        pending_[from].partners.push_back(to);
        pending_[to].partners.push_back(from);
    }
}

void Handovers::freed(const FrontendKey& key, Owner owner) {
    pending_[owner].freed.push_back(key);
    freed_.emplace(key, owner);
}

void Handovers::acquired(const FrontendKey& key, Owner owner) {
    if (freed_.empty()) {
        return;
    }
    const auto [first, last] = freed_.equal_range(key);
    for (auto entry = first; entry != last; ++entry) {
        passed(entry->second, owner);
    }
}

std::vector<Handovers::Owner> Handovers::extract_partners(Owner owner) {
    const auto found = pending_.find(owner);
    if (found == pending_.end()) {
        return {};
    }
    auto pending = std::move(found->second);
    pending_.erase(found);
    for (const auto& key : pending.freed) {
        const auto [first, last] = freed_.equal_range(key);
        const auto entry =
            std::find_if(first, last, [&](const auto& other) { return other.second == owner; });
        if (entry != last) {
            freed_.erase(entry);
        }
    }
    return std::move(pending.partners);
}

}  // namespace sy
