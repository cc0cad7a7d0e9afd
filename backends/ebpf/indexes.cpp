#include "backends/ebpf/indexes.h"

#include <algorithm>

namespace sy::ebpf {

std::optional<uint32_t> Indexes::take() {
    uint32_t index = 0;
    if (!free_.empty()) {
        index = free_.front();
        free_.pop_front();
    } else if (extent_ < limit_) {
        index = extent_++;
        states_.push_back(State::free);
        recycled_.push_back(false);
    } else {
        return std::nullopt;
    }
    states_[index] = State::provisional;
    provisional_.push_back(index);
    ++in_use_;
    return index;
}

void Indexes::adopt(std::span<const uint32_t> committed, uint32_t array_size) {
    foreign_ = array_size;
    for (const auto index : committed) {
        for (; extent_ < index; ++extent_) {
            states_.push_back(State::free);
            recycled_.push_back(true);
            free_.push_back(extent_);
        }
        states_.push_back(State::committed);
        recycled_.push_back(true);
        ++extent_;
        ++in_use_;
    }
}

void Indexes::keep(uint32_t index) {
    in_use_ += states_[index] == State::limbo ? 1 : 0;
    states_[index] = State::committed;
}

void Indexes::retire(uint32_t index) {
    if (states_[index] == State::committed) {
        states_[index] = State::limbo;
        limbo_.push_back(index);
        --in_use_;
    }
}

void Indexes::revive(uint32_t index) {
    if (states_[index] == State::limbo) {
        states_[index] = State::revived;
        provisional_.push_back(index);
        ++in_use_;
    }
}

std::vector<uint32_t> Indexes::release(std::size_t mark) {
    std::vector<uint32_t> freed;
    while (provisional_.size() > mark) {
        const auto index = provisional_.back();
        provisional_.pop_back();
        if (states_[index] == State::provisional) {
            states_[index] = State::free;
            free_.push_back(index);
            freed.push_back(index);
            --in_use_;
        } else if (states_[index] == State::revived) {
            states_[index] = State::limbo;
            limbo_.push_back(index);
            --in_use_;
        }
    }
    return freed;
}

std::vector<uint32_t> Indexes::drain() {
    std::vector<uint32_t> freed;
    for (const auto index : limbo_) {
        // One that came back from limbo is still listed, and twice if it was retired again.
        if (states_[index] == State::limbo) {
            states_[index] = State::free;
            recycled_[index] = true;
            free_.push_back(index);
            freed.push_back(index);
        }
    }
    limbo_.clear();
    return freed;
}

bool Indexes::is_second_hand(uint32_t index) const {
    return index < foreign_ || (index < recycled_.size() && recycled_[index]);
}

std::size_t Indexes::available(uint32_t size) const {
    const auto end = std::min(size, limit_);
    return free_.size() + (end > extent_ ? end - extent_ : 0);
}

}  // namespace sy::ebpf
