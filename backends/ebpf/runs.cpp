#include "backends/ebpf/runs.h"

#include <algorithm>
#include <bit>

namespace sy::ebpf {
namespace {

unsigned order_of(uint32_t count) {
    return count <= 1 ? 0 : static_cast<unsigned>(std::bit_width(count - 1));
}

}  // namespace

void Runs::put_free(uint32_t base, unsigned order) {
    for (; order + 1 < kOrders; ++order) {
        const uint32_t buddy = base ^ (1U << order);
        if (free_[order].erase(buddy) == 0) {
            break;
        }
        base = std::min(base, buddy);
    }
    free_[order].insert(base);
}

void Runs::skip_to(uint32_t end) {
    while (extent_ < end) {
        const auto order = std::min<unsigned>(
            extent_ == 0 ? kOrders - 1 : static_cast<unsigned>(std::countr_zero(extent_)),
            static_cast<unsigned>(std::bit_width(end - extent_)) - 1);
        const auto base = extent_;
        extent_ += 1U << order;
        put_free(base, order);
    }
}

std::optional<uint32_t> Runs::take(uint32_t count) {
    const auto order = order_of(count);
    const uint32_t length = 1U << order;
    uint32_t base = 0;
    auto from = order;
    while (from < kOrders && free_[from].empty()) {
        ++from;
    }
    if (from < kOrders) {
        base = *free_[from].begin();
        free_[from].erase(free_[from].begin());
        while (from > order) {
            --from;
            free_[from].insert(base + (1U << from));
        }
    } else {
        const uint64_t start = (uint64_t{extent_} + length - 1) & ~uint64_t{length - 1};
        if (start + length > limit_) {
            return std::nullopt;
        }
        skip_to(static_cast<uint32_t>(start));
        base = extent_;
        extent_ += length;
    }
    taken_[base] = {static_cast<uint8_t>(order), State::provisional};
    provisional_.push_back(base);
    in_use_ += length;
    return base;
}

bool Runs::adopt(const Run& run) {
    const auto order = order_of(run.count);
    const uint32_t length = 1U << order;
    if (run.count == 0 || run.base < extent_ || run.base % length != 0 ||
        uint64_t{run.base} + length > limit_) {
        return false;
    }
    skip_to(run.base);
    extent_ = run.base + length;
    taken_[run.base] = {static_cast<uint8_t>(order), State::committed};
    in_use_ += length;
    return true;
}

uint32_t Runs::room(uint32_t base) const {
    const auto found = taken_.find(base);
    return found == taken_.end() ? 0 : 1U << found->second.order;
}

void Runs::keep(uint32_t base) {
    auto& run = taken_[base];
    if (run.state == State::limbo) {
        in_use_ += std::size_t{1} << run.order;
    }
    run.state = State::committed;
}

void Runs::retire(uint32_t base) {
    const auto found = taken_.find(base);
    if (found != taken_.end() && found->second.state == State::committed) {
        found->second.state = State::limbo;
        limbo_.push_back(base);
        in_use_ -= std::size_t{1} << found->second.order;
    }
}

void Runs::release(std::size_t mark) {
    while (provisional_.size() > mark) {
        const auto base = provisional_.back();
        provisional_.pop_back();
        const auto found = taken_.find(base);
        if (found != taken_.end() && found->second.state == State::provisional) {
            const auto order = found->second.order;
            taken_.erase(found);
            in_use_ -= std::size_t{1} << order;
            put_free(base, order);
        }
    }
}

void Runs::drain() {
    for (const auto base : limbo_) {
        const auto found = taken_.find(base);
        if (found != taken_.end() && found->second.state == State::limbo) {
            const auto order = found->second.order;
            taken_.erase(found);
            put_free(base, order);
        }
    }
    limbo_.clear();
}

bool Runs::surely_available(uint64_t slots, uint32_t longest, uint32_t size) const {
    // What is behind the extent is one piece, which begins with a gap at worst.
    const auto end = std::min(size, limit_);
    if (slots + longest <= (end > extent_ ? end - extent_ : 0)) {
        return true;
    }
    // Smallest pieces go first, so that splitting leaves less than one run's length.
    uint64_t free = 0;
    for (unsigned order = order_of(longest); order < kOrders; ++order) {
        free += uint64_t{free_[order].size()} << order;
    }
    return slots <= free;
}

}  // namespace sy::ebpf
