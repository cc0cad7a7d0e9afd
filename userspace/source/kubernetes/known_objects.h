// Which objects of one kind have been told, so that a new list can be taken as a difference.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
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
    // Namespace and name follow behind.
    struct Entry {
        uint32_t list = 0;
        uint32_t ns_size = 0;
        uint32_t name_size = 0;
    };
    struct Free {
        void operator()(Entry* entry) const { ::operator delete(entry); }
    };
    using Owned = std::unique_ptr<Entry, Free>;
    struct Key {
        std::string_view ns;
        std::string_view name;

        friend bool operator==(const Key&, const Key&) = default;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const Key& key) const;
        std::size_t operator()(const Owned& entry) const { return (*this)(key_of(*entry)); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const Owned& a, const Owned& b) const { return a == b; }
        bool operator()(const Key& a, const Owned& b) const { return a == key_of(*b); }
        bool operator()(const Owned& a, const Key& b) const { return b == key_of(*a); }
    };

    static Owned make(const Key& key, uint32_t list);
    static Key key_of(const Entry& entry);

    Kind kind_;
    boost::unordered_flat_set<Owned, Hash, Equal> entries_;
    uint32_t list_ = 0;
    std::size_t told_ = 0;  // entries of the current list
};

}  // namespace sy
