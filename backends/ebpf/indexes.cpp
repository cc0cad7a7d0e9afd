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
        known_.emplace_back();
    } else {
        return std::nullopt;
    }
    known_[index].state = State::provisional;
    provisional_.push_back(index);
    ++in_use_;
    return index;
}

void Indexes::adopt(std::span<const uint32_t> committed, uint32_t array_size) {
    foreign_ = array_size;
    for (const auto index : committed) {
        for (; extent_ < index; ++extent_) {
            known_.push_back({State::free, true});
            free_.push_back(extent_);
        }
        known_.push_back({State::committed, true});
        ++extent_;
        ++in_use_;
    }
}

void Indexes::keep(uint32_t index) {
    in_use_ += known_[index].state == State::limbo ? 1 : 0;
    known_[index].state = State::committed;
}

void Indexes::retire(uint32_t index) {
    if (known_[index].state == State::committed) {
        known_[index].state = State::limbo;
        limbo_.push_back(index);
        --in_use_;
    }
}

void Indexes::revive(uint32_t index) {
    if (known_[index].state == State::limbo) {
        known_[index].state = State::revived;
        provisional_.push_back(index);
        ++in_use_;
    }
}

std::vector<uint32_t> Indexes::release(std::size_t mark) {
    std::vector<uint32_t> freed;
    while (provisional_.size() > mark) {
        const auto index = provisional_.back();
        provisional_.pop_back();
        if (known_[index].state == State::provisional) {
            known_[index].state = State::free;
            free_.push_back(index);
            freed.push_back(index);
            --in_use_;
        } else if (known_[index].state == State::revived) {
            known_[index].state = State::limbo;
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
        if (known_[index].state == State::limbo) {
            known_[index] = {State::free, true};
            free_.push_back(index);
            freed.push_back(index);
        }
    }
    limbo_.clear();
    return freed;
}

bool Indexes::is_second_hand(uint32_t index) const {
    return index < foreign_ || (index < known_.size() && known_[index].second_hand);
}

std::size_t Indexes::available(uint32_t size) const {
    const auto end = std::min(size, limit_);
    return free_.size() + (end > extent_ ? end - extent_ : 0);
}

}  // namespace sy::ebpf
