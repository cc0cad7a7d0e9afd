// Numbers that programs may still be holding when we are done with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace sy::ebpf {

/// Hands out the indexes 1, 2, … of an array. An index is free, provisional (handed out, not yet
/// published), committed (programs may read it) or in limbo (no longer published, but a program may
/// be reading it; free after a grace period). The longest free one goes first, so that an index
/// turns up again as late as possible.
class Indexes {
  public:
    /// `limit`: how many elements the array may have at most, the unused index 0 included.
    explicit Indexes(uint32_t limit) : limit_(limit) {}

    /// A provisional index below `limit`; nothing: all are taken.
    std::optional<uint32_t> take();
    /// Indexes (sorted, not 0) that are in use already; everything else that was ever used is free.
    /// Only for a new object. Nothing is known of what the others were used for.
    void adopt(std::span<const uint32_t> committed, uint32_t array_size);

    /// It is published from now on; also brings one back from limbo.
    void keep(uint32_t index);
    /// A committed one is no longer published.
    void retire(uint32_t index);
    /// One in limbo becomes provisional: what was written there still stands.
    void revive(uint32_t index);
    /// Takes back what was taken after `mark` (see mark()) and not kept; 0: all. Returns those that
    /// are free now.
    std::vector<uint32_t> release(std::size_t mark);
    std::size_t mark() const { return provisional_.size(); }

    /// A grace period is over that began after the last retire: what is in limbo is free. Returns
    /// these indexes.
    std::vector<uint32_t> drain();

    bool in_limbo(uint32_t index) const { return state(index) == State::limbo; }
    bool committed(uint32_t index) const { return state(index) == State::committed; }
    /// Somebody may have used it for something else before.
    bool is_second_hand(uint32_t index) const;
    std::size_t limbo() const { return limbo_.size(); }
    /// Neither free nor in limbo.
    std::size_t in_use() const { return in_use_; }
    /// Elements an array needs at least.
    uint32_t extent() const { return extent_; }
    /// How many can be taken from an array of `size` elements without waiting.
    std::size_t available(uint32_t size) const;
    uint32_t limit() const { return limit_; }

  private:
    enum class State : uint8_t { free, provisional, revived, committed, limbo };
    struct Known {
        State state = State::free;
        bool second_hand = false;
    };

    State state(uint32_t index) const {
        return index < known_.size() ? known_[index].state : State::free;
    }

    uint32_t limit_;
    uint32_t extent_ = 1;
    /// Below it, a predecessor may have used indexes.
    uint32_t foreign_ = 0;
    std::size_t in_use_ = 0;
    std::vector<Known> known_{{State::committed, false}};
    std::deque<uint32_t> free_;
    std::vector<uint32_t> limbo_;
    std::vector<uint32_t> provisional_;
};

}  // namespace sy::ebpf
