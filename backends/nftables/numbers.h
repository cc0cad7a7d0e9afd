// Ids and classes in use.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "backends/nftables/compile.h"
#include "backends/nftables/word.h"

namespace sy::nft {

/// Index of a family in per-family arrays.
constexpr std::size_t index_of(Family family) {
    return family == Family::ipv4 ? 0 : 1;
}

/// The Numbers of one pair of tables. An id that is given back is not reused before all others
/// were: packets and affinity entries of its former owner are long gone by then.
class NumberPool : public Numbers {
  public:
    /// Ids are 1..max_id; the default is what the words of mode nftables have room for.
    explicit NumberPool(uint32_t max_id = kMaxId);

    Result<uint32_t> new_id(Family family) override;
    Result<uint32_t> class_for(Family family, uint32_t count, uint32_t timeout) override;

    /// Marks an id found in the kernel as in use.
    void reserve_id(Family family, uint32_t id);
    void release_id(Family family, uint32_t id);
    /// An id that new_id handed out is in the kernel now.
    void keep_id(Family family, uint32_t id);
    /// Gives back every id that was handed out and not kept.
    void release_provisional();

    /// Takes over the classes that a table has; forgets what was known of the family.
    void adopt_classes(Family family, const std::vector<ClassDef>& classes);
    /// Every class of the family, those not yet in the kernel included, sorted by number.
    std::vector<ClassDef> classes(Family family) const;
    /// Classes that were handed out and are not in the kernel yet.
    std::vector<ClassDef> pending(Family family) const;
    /// The pending classes of the family are in the kernel now.
    void mark_written(Family family);

    /// class_for failed for want of a number.
    bool out_of_classes(Family family) const;
    /// Forgets the assigned classes whose numbers are not in `in_use`, and returns them.
    std::vector<ClassDef> drop_unused(Family family, const std::set<uint32_t>& in_use);

  private:
    struct PerFamily {
        std::vector<bool> used;  // by id
        uint32_t next_id = 1;
        std::unordered_set<uint32_t> provisional;
        std::map<std::pair<uint32_t, uint32_t>, ClassDef> classes;  // by (timeout, count)
        std::set<uint32_t> assigned;  // numbers >= kFirstAssignedClass
        std::vector<ClassDef> pending;
        bool out_of_classes = false;
    };

    uint32_t max_id_;
    std::array<PerFamily, 2> families_;
};

}  // namespace sy::nft
