// Where the lists of endpoints lie in the array of slots.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace sy::ebpf {

/// A buddy allocator: runs of 2^n slots that begin at a multiple of their length. States as those
/// of Indexes.
class Runs {
  public:
    struct Run {
        uint32_t base = 0;
        uint32_t count = 0;
    };

    /// `limit`: how many slots there may be; a power of two.
    explicit Runs(uint32_t limit) : limit_(limit) {}

    /// Base of a provisional run with room for `count` (at least 1) slots; nothing: there is none.
    std::optional<uint32_t> take(uint32_t count);
    /// A run that is in use already. In ascending order, into a new object; false: it lies badly,
    /// or over its neighbour.
    bool adopt(const Run& run);

    /// How many slots the run at `base` has room for; 0: there is no such run.
    uint32_t room(uint32_t base) const;

    void keep(uint32_t base);
    void retire(uint32_t base);
    /// Takes back what was taken after `mark` and not kept; 0: all.
    void release(std::size_t mark);
    std::size_t mark() const { return provisional_.size(); }
    /// A grace period is over that began after the last retire.
    void drain();

    std::size_t limbo() const { return limbo_.size(); }
    /// Slots of runs that are neither free nor in limbo.
    std::size_t in_use() const { return in_use_; }
    /// Slots an array needs at least.
    uint32_t extent() const { return extent_; }
    /// True if runs of `slots` slots in all, each at most `longest` long, can be taken from an
    /// array of `size` slots without waiting. May be false although they can.
    bool surely_available(uint64_t slots, uint32_t longest, uint32_t size) const;
    uint32_t limit() const { return limit_; }

  private:
    static constexpr unsigned kOrders = 32;
    enum class State : uint8_t { provisional, committed, limbo };
    struct Taken {
        uint8_t order = 0;
        State state = State::provisional;
    };

    void put_free(uint32_t base, unsigned order);
    /// The slots from the extent to `end` become free runs.
    void skip_to(uint32_t end);

    uint32_t limit_;
    uint32_t extent_ = 0;
    std::size_t in_use_ = 0;
    std::array<std::set<uint32_t>, kOrders> free_;
    boost::unordered_flat_map<uint32_t, Taken> taken_;
    std::vector<uint32_t> limbo_;
    std::vector<uint32_t> provisional_;
};

}  // namespace sy::ebpf
