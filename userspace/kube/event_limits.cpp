#include "kube/event_limits.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace sy {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto kSameAgain = minutes(10);
constexpr double kPerObject = 25;
constexpr auto kObjectPeriod = seconds(10);
constexpr std::size_t kMaxRemembered = 2048;

// Two different events that share a hash would only cost one of them.
uint64_t hash(std::initializer_list<std::string_view> parts) {
    uint64_t value = 0;
    for (const auto part : parts) {
        value = value * 0x9e3779b97f4a7c15U + std::hash<std::string_view>{}(part);
    }
    return value;
}

}  // namespace

double TokenBucket::level(TimePoint now) const {
    const auto passed = std::max(now - at_, Duration::zero());
    return std::min(capacity_, tokens_ + static_cast<double>(passed.count()) /
                                             static_cast<double>(period_.count()));
}

bool TokenBucket::take(TimePoint now) {
    tokens_ = level(now);
    at_ = std::max(at_, now);
    if (tokens_ < 1) {
        return false;
    }
    tokens_ -= 1;
    return true;
}

TokenBucket::Duration TokenBucket::wait(TimePoint now) const {
    const auto missing = (1 - level(now)) * static_cast<double>(period_.count());
    // Rounded up, so that it is there then.
    return missing <= 0 ? Duration::zero() : Duration(static_cast<Duration::rep>(missing) + 1);
}

bool TokenBucket::full(TimePoint now) const {
    return level(now) >= capacity_;
}

std::optional<unsigned> EventLimits::admit(const ClusterEvent& event, TimePoint now) {
    forget(now);
    const auto key = hash({event.kind, event.ns, event.name, event.reason, event.message});
    auto& seen = seen_.try_emplace(key, Seen{now - kSameAgain}).first->second;
    const auto object = hash({event.kind, event.ns, event.name});
    auto& bucket =
        objects_.try_emplace(object, TokenBucket(kPerObject, kObjectPeriod, now)).first->second;
    if (now - seen.told < kSameAgain || !bucket.take(now)) {
        ++seen.untold;
        return std::nullopt;
    }
    const unsigned untold = seen.untold;
    seen = {now};
    return untold;
}

void EventLimits::forget(TimePoint now) {
    if (seen_.size() >= kMaxRemembered) {
        std::erase_if(seen_, [now](const auto& entry) {
            return now - entry.second.told >= kSameAgain && entry.second.untold == 0;
        });
    }
    if (objects_.size() >= kMaxRemembered) {
        std::erase_if(objects_, [now](const auto& entry) { return entry.second.full(now); });
    }
    // Still too many: start anew. What is told then is bounded by the recorder's own rate.
    if (seen_.size() >= kMaxRemembered) {
        seen_.clear();
    }
    if (objects_.size() >= kMaxRemembered) {
        objects_.clear();
    }
}

}  // namespace sy
