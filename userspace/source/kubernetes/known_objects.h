// Which objects of one kind have been told, so that a new list can be taken as a difference.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/event.h"

namespace sy {

/// A set of object names with, for each, whether the current list has told it. Made for a hundred
/// thousand names: one small allocation each.
class KnownObjects {
  public:
    explicit KnownObjects(Kind kind) : kind_(kind) {}

    /// From now on add() counts as told by a new list.
    void begin_list();
    void add(std::string_view ns, std::string_view name);
    void remove(std::string_view ns, std::string_view name);
    /// Takes out at most `max` of the objects that the list did not tell and adds their removal to
    /// `events`. True when none is left.
    bool sweep(std::vector<Event>& events, std::size_t max);
    std::size_t size() const { return entries_.size(); }

  private:
    // The name follows behind.
    struct Entry {
        uint32_t list = 0;
        uint32_t ns = 0;
        uint32_t size = 0;
    };
    struct Free {
        void operator()(Entry* entry) const { ::operator delete(entry); }
    };
    using Owned = std::unique_ptr<Entry, Free>;
    struct Name {
        uint32_t ns = 0;
        std::string_view name;

        friend bool operator==(const Name&, const Name&) = default;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const Name& name) const;
        std::size_t operator()(const Owned& entry) const { return (*this)(name_of(*entry)); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const Owned& a, const Owned& b) const { return a == b; }
        bool operator()(const Name& a, const Owned& b) const { return a == name_of(*b); }
        bool operator()(const Owned& a, const Name& b) const { return b == name_of(*a); }
    };

    static Owned make(const Name& name, uint32_t list);
    static Name name_of(const Entry& entry);
    uint32_t number_of(std::string_view ns);

    Kind kind_;
    boost::unordered_flat_set<Owned, Hash, Equal> entries_;
    // Namespaces are few and stay.
    std::vector<std::string> namespaces_;
    std::unordered_map<std::string, uint32_t> namespace_numbers_;
    uint32_t list_ = 0;
    std::size_t told_ = 0;  // entries of the current list
};

}  // namespace sy
