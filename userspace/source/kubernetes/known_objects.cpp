#include "source/kubernetes/known_objects.h"

#include <algorithm>
#include <functional>
#include <new>
#include <string>

namespace sy {

void KnownObjects::begin_list() {
    ++list_;
    told_ = 0;
}

void KnownObjects::add(std::string_view ns, std::string_view name) {
    const Key key{ns, name};
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
    const auto found = entries_.find(Key{ns, name});
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
        const auto key = key_of(*entry);
        events.emplace_back(Removed{ObjectKey{kind_, std::string(key.ns), std::string(key.name)}});
        entries_.erase(entries_.find(key));
    }
    return gone.size() == left;
}

KnownObjects::Owned KnownObjects::make(const Key& key, uint32_t list) {
    void* memory = ::operator new(sizeof(Entry) + key.ns.size() + key.name.size());
    auto* entry = new (memory)
        Entry{list, static_cast<uint32_t>(key.ns.size()), static_cast<uint32_t>(key.name.size())};
    auto* text = reinterpret_cast<char*>(entry + 1);
    std::ranges::copy(key.name, std::ranges::copy(key.ns, text).out);
    return Owned(entry);
}

KnownObjects::Key KnownObjects::key_of(const Entry& entry) {
    const auto* text = reinterpret_cast<const char*>(&entry + 1);
    return {{text, entry.ns_size}, {text + entry.ns_size, entry.name_size}};
}

std::size_t KnownObjects::Hash::operator()(const Key& key) const {
    return std::hash<std::string_view>{}(key.name) * 31 + std::hash<std::string_view>{}(key.ns);
}

}  // namespace sy
