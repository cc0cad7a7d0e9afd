// What a previous process left in the maps, until its Services claim it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/ebpf/entry.h"
#include "backends/ebpf/kernel.h"
#include "backends/ebpf/pools.h"
#include "model/plan.h"

namespace sy::ebpf {

/// Entries found at adoption, grouped by id. An id's name record says which Service port it belongs
/// to. Whatever does not fit together is kept as well, but nobody can claim it.
class Adopted {
  public:
    Adopted() = default;
    /// Reads all of it. The numbers in use are adopted by `pools`, which are new.
    Adopted(const Arrays& arrays, const std::vector<Frontend4>& frontends4,
            const std::vector<Frontend6>& frontends6, Pools& pools);

    /// Entries (sorted) of the ids that stand for ports of `plan` and that nobody claimed before.
    std::vector<Entry> claim(const ServicePlan& plan, Pools& pools);

    /// Endpoints that claimable ids lead to.
    const std::vector<Entry>& endpoints() const { return endpoints_; }
    /// Entries of ids that nobody claimed (without names), services last.
    std::vector<Entry> rest() const;
    /// Frontends that lead to nothing.
    const std::vector<Frontend4>& stray4() const { return stray4_; }
    const std::vector<Frontend6>& stray6() const { return stray6_; }

    /// Entries found.
    std::size_t size() const { return size_; }

  private:
    struct Group {
        uint32_t id = 0;
        /// In texts_; empty: cannot be claimed.
        std::size_t text = 0;
        std::size_t text_size = 0;
        Label label;  // without the port's name
        std::size_t first = 0;
        std::size_t count = 0;
        bool claimed = false;
    };
    std::string_view text(const Group& group) const {
        return std::string_view(texts_).substr(group.text, group.text_size);
    }
    void read_groups(const Arrays& arrays, Pools& pools);
    /// Endpoint indexes of a group's run; empty: it does not fit together.
    std::vector<uint32_t> run_of(const Group& group, const Arrays& arrays) const;

    std::string texts_;
    /// By text.
    std::vector<Group> groups_;
    /// By group.
    std::vector<Entry> entries_;
    std::vector<Entry> endpoints_;
    std::vector<Frontend4> stray4_;
    std::vector<Frontend6> stray6_;
    std::size_t size_ = 0;
};

}  // namespace sy::ebpf
