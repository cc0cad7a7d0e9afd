#include "backends/nftables/numbers.h"

#include <algorithm>
#include <optional>
#include <string>

namespace sy::nft {
namespace {

std::vector<ClassDef> sorted_by_number(std::vector<ClassDef> classes) {
    std::ranges::sort(classes);
    return classes;
}

}  // namespace

NumberPool::NumberPool(uint32_t max_id) : max_id_(max_id) {
    for (auto& family : families_) {
        family.used.resize(max_id_ + 1, false);
    }
}

Result<uint32_t> NumberPool::new_id(Family family) {
    auto& own = families_[index_of(family)];
    for (uint32_t tried = 0; tried < max_id_; ++tried) {
        const uint32_t id = own.next_id;
        own.next_id = id == max_id_ ? 1 : id + 1;
        if (!own.used[id]) {
            own.used[id] = true;
            own.provisional.insert(id);
            return id;
        }
    }
    return fail("all " + std::to_string(max_id_) + " service-port ids of " +
                std::string(to_string(family)) + " are in use");
}

void NumberPool::reserve_id(Family family, uint32_t id) {
    auto& own = families_[index_of(family)];
    own.used.at(id) = true;
    own.next_id = std::max(own.next_id, id == max_id_ ? 1 : id + 1);
}

void NumberPool::release_id(Family family, uint32_t id) {
    families_[index_of(family)].used.at(id) = false;
}

void NumberPool::keep_id(Family family, uint32_t id) {
    families_[index_of(family)].provisional.erase(id);
}

void NumberPool::release_provisional() {
    for (auto& own : families_) {
        for (const auto id : own.provisional) {
            own.used[id] = false;
        }
        own.provisional.clear();
    }
}

Result<uint32_t> NumberPool::class_for(Family family, uint32_t count, uint32_t timeout) {
    auto& own = families_[index_of(family)];
    const auto key = std::pair(timeout, count);
    if (const auto known = own.classes.find(key); known != own.classes.end()) {
        return known->second.number;
    }
    ClassDef def{count, count, timeout};
    if (timeout != 0 || count > kMaxFixedPick) {
        def.number = kFirstAssignedClass;
        while (own.assigned.contains(def.number)) {
            ++def.number;
        }
        if (def.number > kLastAssignedClass) {
            own.out_of_classes = true;
            return fail("all " + std::to_string(kLastAssignedClass - kFirstAssignedClass + 1) +
                        " classes for session affinity (one per distinct endpoint count and "
                        "timeout) and for more than " +
                        std::to_string(kMaxFixedPick) + " endpoints are in use");
        }
        own.assigned.insert(def.number);
    }
    own.classes.emplace(key, def);
    own.pending.push_back(def);
    return def.number;
}

void NumberPool::adopt_classes(Family family, const std::vector<ClassDef>& classes) {
    auto& own = families_[index_of(family)];
    own.classes.clear();
    own.assigned.clear();
    own.pending.clear();
    for (const auto& def : classes) {
        own.classes.emplace(std::pair(def.timeout, def.count), def);
        if (def.number >= kFirstAssignedClass) {
            own.assigned.insert(def.number);
        }
    }
}

std::vector<ClassDef> NumberPool::classes(Family family) const {
    std::vector<ClassDef> result;
    for (const auto& [key, def] : families_[index_of(family)].classes) {
        result.push_back(def);
    }
    return sorted_by_number(std::move(result));
}

std::vector<ClassDef> NumberPool::pending(Family family) const {
    return families_[index_of(family)].pending;
}

void NumberPool::mark_written(Family family) {
    families_[index_of(family)].pending.clear();
}

bool NumberPool::out_of_classes(Family family) const {
    return families_[index_of(family)].out_of_classes;
}

std::vector<ClassDef> NumberPool::drop_unused(Family family, const std::set<uint32_t>& in_use) {
    auto& own = families_[index_of(family)];
    std::vector<ClassDef> dropped;
    std::erase_if(own.classes, [&](const auto& entry) {
        const auto& def = entry.second;
        if (def.number < kFirstAssignedClass || in_use.contains(def.number)) {
            return false;
        }
        // One that never reached the kernel is just forgotten.
        if (std::erase(own.pending, def) == 0) {
            dropped.push_back(def);
        }
        own.assigned.erase(def.number);
        return true;
    });
    own.out_of_classes = false;
    return sorted_by_number(std::move(dropped));
}

}  // namespace sy::nft
