#include "source/kubernetes/known_objects.h"

#include <cstring>
#include <functional>
#include <new>

namespace sy {

void KnownObjects::begin_list() {
    ++list_;
    told_ = 0;
}

void KnownObjects::add(std::string_view ns, std::string_view name) {
    const Name key{number_of(ns), name};
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
        entries_.insert(make(key, list_));
        ++told_;
    } else if ((*found)->list != list_) {
        (*found)->list = list_;
        ++told_;
    }
}

void KnownObjects::remove(std::string_view ns, std::string_view name) {
    const auto found = entries_.find(Name{number_of(ns), name});
    if (found != entries_.end()) {
        told_ -= (*found)->list == list_ ? 1 : 0;
        entries_.erase(found);
    }
}

bool KnownObjects::sweep(std::vector<Event>& events, std::size_t max) {
    std::vector<const Entry*> gone;
    const auto left = entries_.size() - told_;
    for (auto entry = entries_.begin(); gone.size() < std::min(left, max); ++entry) {
        if ((*entry)->list != list_) {
            gone.push_back(entry->get());
        }
    }
    for (const auto* entry : gone) {
        const auto name = name_of(*entry);
        events.emplace_back(
            Removed{ObjectKey{kind_, namespaces_[name.ns], std::string(name.name)}});
        entries_.erase(entries_.find(name));
    }
    return gone.size() == left;
}

KnownObjects::Owned KnownObjects::make(const Name& name, uint32_t list) {
    void* memory = ::operator new(sizeof(Entry) + name.name.size());
    auto* entry = new (memory) Entry{list, name.ns, static_cast<uint32_t>(name.name.size())};
    std::memcpy(entry + 1, name.name.data(), name.name.size());
    return Owned(entry);
}

KnownObjects::Name KnownObjects::name_of(const Entry& entry) {
    return {entry.ns, {reinterpret_cast<const char*>(&entry + 1), entry.size}};
}

std::size_t KnownObjects::Hash::operator()(const Name& name) const {
    return std::hash<std::string_view>{}(name.name) * 31 + name.ns;
}

uint32_t KnownObjects::number_of(std::string_view ns) {
    const auto [entry, added] =
        namespace_numbers_.try_emplace(std::string(ns), static_cast<uint32_t>(namespaces_.size()));
    if (added) {
        namespaces_.emplace_back(ns);
    }
    return entry->second;
}

}  // namespace sy
