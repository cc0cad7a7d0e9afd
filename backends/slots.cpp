#include "backends/slots.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace sy {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

std::vector<Slot> assign(const std::vector<EndpointAddr>& want, const std::vector<Slot>& before,
                         uint32_t first, uint32_t numbers) {
    std::unordered_map<EndpointAddr, uint32_t> old;
    for (const auto& slot : before) {
        old.emplace(slot.endpoint, slot.number);
    }
    std::vector<bool> taken(numbers, false);
    std::vector<Slot> result;
    result.reserve(want.size());
    for (const auto& endpoint : want) {
        const auto known = old.find(endpoint);
        const bool keeps = known != old.end() && known->second >= first &&
                           known->second - first < numbers && !taken[known->second - first];
        result.push_back({keeps ? known->second : kNone, endpoint});
        if (keeps) {
            taken[known->second - first] = true;
        }
    }
    uint32_t next = 0;
    for (auto& slot : result) {
        if (slot.number != kNone) {
            continue;
        }
        while (taken[next]) {
            ++next;
        }
        taken[next] = true;
        slot.number = first + next;
    }
    return result;
}

}  // namespace

std::vector<Slot> assign_dense(const std::vector<EndpointAddr>& want,
                               const std::vector<Slot>& before, uint32_t first) {
    return assign(want, before, first, static_cast<uint32_t>(want.size()));
}

std::vector<Slot> assign_stable(const std::vector<EndpointAddr>& want,
                                const std::vector<Slot>& before, uint32_t first, uint32_t last) {
    const uint32_t numbers = last - first + 1;
    if (want.size() > numbers) {
        return {};
    }
    return assign(want, before, first, numbers);
}

}  // namespace sy
