#include "agent/quarantine.h"

#include <algorithm>

namespace sy {

bool Quarantine::failed(const ServiceName& name, const Error& error, TimePoint now) {
    Entry& entry = entries_[name];
    const bool news = entry.failures == 0 || entry.error != error;
    entry.error = error;
    ++entry.failures;
    entry.due = now + backoff(config_.retry_first, config_.retry_limit, entry.failures);
    return news;
}

bool Quarantine::cured(const ServiceName& name) {
    return entries_.erase(name) > 0;
}

std::vector<ServiceName> Quarantine::take_due(TimePoint now) {
    std::vector<ServiceName> due;
    for (auto& [name, entry] : entries_) {
        if (entry.due && *entry.due <= now) {
            entry.due.reset();
            due.push_back(name);
        }
    }
    std::sort(due.begin(), due.end());
    return due;
}

std::optional<TimePoint> Quarantine::next_due() const {
    std::optional<TimePoint> next;
    for (const auto& [name, entry] : entries_) {
        if (entry.due && (!next || *entry.due < *next)) {
            next = entry.due;
        }
    }
    return next;
}

}  // namespace sy
