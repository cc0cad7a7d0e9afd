#include "serve/health.h"

#include <algorithm>

namespace sy {

HealthState::HealthState(const Config& config, const Moment& start) : config_(config) {
    for (OfFamily& state : families_) {
        state.last_updated = start.wall;
    }
}

void HealthState::lists_complete(const Moment& now) {
    if (!counting_) {
        counting_ = true;
        queued(FamilySet::both(), now);
    }
}

void HealthState::queued(FamilySet families, const Moment& now) {
    if (!counting_) {
        return;
    }
    for (const Family family : kFamilies) {
        if (families.contains(family) && !of(family).pending) {
            of(family).pending = now.steady;
        }
    }
}

void HealthState::sync_begun() {
    for (OfFamily& state : families_) {
        state.in_sync = state.pending;
        state.pending.reset();
    }
}

void HealthState::sync_ended(bool ok, const Moment& now) {
    for (OfFamily& state : families_) {
        if (ok) {
            state.last_updated = now.wall;
        } else if (state.in_sync) {
            state.pending = state.in_sync;  // the older of the two
        }
        state.in_sync.reset();
    }
}

void HealthState::set_node(const Node* node) {
    node_known_ = node != nullptr;
    node_leaving_ = node != nullptr && (node->deleting || node->autoscaler_taint);
}

bool HealthState::late(const OfFamily& state, const Moment& now) const {
    const auto& since = state.in_sync ? state.in_sync : state.pending;
    return since && now.steady - *since >= config_.timeout;
}

bool HealthState::healthy(const Moment& now) const {
    return std::ranges::none_of(families_, [&](const OfFamily& state) { return late(state, now); });
}

HealthReport HealthState::livez(const Moment& now) const {
    HealthReport report;
    report.current_time = now.wall;
    report.healthy = healthy(now);
    for (std::size_t i = 0; i < families_.size(); ++i) {
        report.families[i] = {.family = kFamilies[i],
                              .last_updated = families_[i].last_updated,
                              .healthy = !late(families_[i], now)};
    }
    // Who only asks for the age of this must not think an idle proxy dead.
    report.last_updated =
        report.healthy ? now.wall : std::max(families_[0].last_updated, families_[1].last_updated);
    return report;
}

HealthReport HealthState::healthz(const Moment& now) const {
    HealthReport report = livez(now);
    report.node_eligible = !node_leaving_ && (node_known_ || !config_.node_required);
    if (!report.ok()) {
        report.last_updated = std::max(families_[0].last_updated, families_[1].last_updated);
    }
    return report;
}

void Readiness::set_lists(bool services, bool slices) {
    services_ = services;
    slices_ = slices;
}

std::string Readiness::missing() const {
    if (synced_) {
        return {};
    }
    if (services_ && slices_) {
        return "the first sync";
    }
    std::string lists = services_ ? "" : "Services";
    if (!slices_) {
        lists += lists.empty() ? "EndpointSlices" : " and EndpointSlices";
    }
    return "the list of " + lists;
}

}  // namespace sy
