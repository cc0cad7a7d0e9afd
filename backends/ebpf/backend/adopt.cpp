// Start, audit, end: everything that reads the maps.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include "backends/ebpf/backend/backend.h"
#include "backends/ebpf/node_settings.h"

namespace sy::ebpf {
namespace {

/// Limits that have been lowered since do not make what exists invalid.
EbpfSettings at_least(EbpfSettings limits, const Sizes& sizes) {
    limits.max_services = std::max(limits.max_services, sizes.services);
    limits.max_endpoints =
        std::max({limits.max_endpoints, sizes.endpoints4, sizes.endpoints6, sizes.slots});
    return limits;
}

template <class Key>
void learn(KnownFrontends<Key>& known, const std::vector<FrontendEntry<Key>>& entries) {
    known.reserve(entries.size());
    for (const auto& entry : entries) {
        known.emplace(entry.key, entry.word);
    }
}

/// Makes the hash what it should be; returns how many elements were wrong.
template <class Key>
Result<uint64_t> mend(MapSet& maps, const std::vector<FrontendEntry<Key>>& have,
                      const KnownFrontends<Key>& want) {
    KnownFrontends<Key> found;
    learn(found, have);
    std::vector<FrontendEntry<Key>> missing;
    for (const auto& [key, word] : want) {
        const auto there = found.find(key);
        if (there == found.end() || there->second != word) {
            missing.push_back({key, word});
        }
    }
    std::vector<Key> extra;
    for (const auto& entry : have) {
        if (!want.contains(entry.key)) {
            extra.push_back(entry.key);
        }
    }
    // Room first: a socket that finds nothing takes the packet path.
    if (!extra.empty()) {
        if (auto done = maps.erase(std::span<const Key>(extra)); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    if (!missing.empty()) {
        const std::span<const FrontendEntry<Key>> entries(missing);
        if (auto done = maps.put(entries); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    return missing.size() + extra.size();
}

}  // namespace

Result<void> EbpfBackend::probe() {
    if (auto done = companion_->probe(); !done) {
        return done;
    }
    return kernel_->probe();
}

Result<KernelReport> EbpfBackend::adopt() {
    auto report = companion_->adopt();
    if (!report) {
        return report;
    }
    auto found = kernel_->find();
    if (!found) {
        return std::unexpected(std::move(found.error()));
    }
    if (found->other_layout) {
        log_.info("the eBPF maps have another layout: they stay until all is swapped at once");
        report->rebuilt = true;
    }
    if (found->maps) {
        if (auto done = adopt_maps(std::move(found->maps), *report); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    return report;
}

Result<void> EbpfBackend::adopt_maps(std::unique_ptr<MapSet> maps, KernelReport& report) {
    const auto found4 = maps->frontends4();
    if (!found4) {
        return std::unexpected(found4.error());
    }
    const auto found6 = maps->frontends6();
    if (!found6) {
        return std::unexpected(found6.error());
    }
    const auto active = kernel_->is_active(*maps);
    if (!active) {
        return std::unexpected(active.error());
    }
    forget();
    maps_ = std::move(maps);
    active_ = *active;
    pools_ = Pools(at_least(settings_, maps_->sizes()));
    adopted_ = Adopted(maps_->arrays(), *found4, *found6, pools_);
    for (const auto& endpoint : adopted_.endpoints()) {
        ledger_.adopt_shared(endpoint);
    }
    learn(known4_, *found4);
    learn(known6_, *found6);
    report.found += adopted_.size();
    // The predecessor may have let go of numbers in its last moment.
    kernel_->grace();
    return {};
}

Result<void> EbpfBackend::finish_first_pass(ApplyReport& report) {
    Writes gone;
    const auto rest = adopted_.rest();
    for (const auto& entry : rest) {
        if (entry.kind() == Kind::frontend4) {
            gone.erase4.push_back(frontend4(entry));
        } else if (entry.kind() == Kind::frontend6) {
            gone.erase6.push_back(frontend6(entry));
        }
    }
    std::ranges::copy(adopted_.stray4(), std::back_inserter(gone.erase4));
    std::ranges::copy(adopted_.stray6(), std::back_inserter(gone.erase6));
    auto done = erase_left(std::move(gone), report);
    for (const auto& entry : rest) {
        if (entry.kind() == Kind::service) {
            clear_name(entry.index(), maps_->arrays());
            pools_.retire(entry);
            ++report.writes;
        }
    }
    for (const auto& endpoint : ledger_.unclaimed_shared()) {
        pools_.retire(endpoint);
    }
    ledger_.forget_unclaimed();
    adopted_ = {};
    first_pass_done_ = true;
    if (done && maps_->sizes().clients != std::max(settings_.affinity_clients, 1U)) {
        auto sizes = maps_->sizes();
        sizes.clients = std::max(settings_.affinity_clients, 1U);
        done = resize(sizes, report);
    }
    // What was read at start is a multiple of what is kept.
    malloc_trim(0);
    return done;
}

Result<KernelReport> EbpfBackend::audit() {
    auto report = companion_->audit();
    if (!report || !maps_) {
        return report;
    }
    if (auto done = reconcile(*report); !done) {
        return std::unexpected(std::move(done.error()));
    }
    if (active_ || first_pass_done_) {
        const auto active = kernel_->is_active(*maps_);
        if (!active) {
            return std::unexpected(active.error());
        }
        report->drifted += *active ? 0 : 1;
        // Also where nothing is wrong: what the settings name may have come into being.
        if (auto done = kernel_->activate(*maps_); !done) {
            return std::unexpected(std::move(done.error()));
        }
        active_ = true;
    }
    malloc_trim(0);
    return report;
}

Result<void> EbpfBackend::reconcile(KernelReport& report) {
    report.drifted += mend_arrays(report);
    const auto have4 = maps_->frontends4();
    if (!have4) {
        return std::unexpected(have4.error());
    }
    const auto have6 = maps_->frontends6();
    if (!have6) {
        return std::unexpected(have6.error());
    }
    report.found += have4->size() + have6->size();
    const auto wrong4 = mend(*maps_, *have4, known4_);
    if (!wrong4) {
        return std::unexpected(wrong4.error());
    }
    const auto wrong6 = mend(*maps_, *have6, known6_);
    if (!wrong6) {
        return std::unexpected(wrong6.error());
    }
    report.drifted += *wrong4 + *wrong6;
    uncertain_ = false;
    if (!facts_) {
        return {};
    }
    const auto wrong = maps_->set_node_addresses(facts_->nodeport_addresses);
    if (!wrong) {
        return std::unexpected(wrong.error());
    }
    report.drifted += *wrong + (store_flags(*facts_) ? 1 : 0);
    return {};
}

/// Stores what is not there; returns how much that was.
uint64_t EbpfBackend::mend_arrays(KernelReport& report) {
    const auto arrays = maps_->arrays();
    uint64_t wrong = 0;
    const auto check = [&](const Entry& entry, const ServiceName& owner) {
        ++report.found;
        if (!entry.is_frontend() && store(entry, owner, pools_, arrays)) {
            ++wrong;
        }
    };
    for (const auto& [service, fragment] : ledger_.services()) {
        for (const auto& entry : fragment.shared) {
            check(entry, service);
        }
        for (const auto& entry : fragment.own) {
            check(entry, service);
        }
    }
    return wrong;
}

Result<std::unique_ptr<DriftWatch>> EbpfBackend::watch() {
    return companion_->watch();
}

Result<void> EbpfBackend::teardown() {
    if (const auto removed = kernel_->remove_all(); !removed) {
        return std::unexpected(removed.error());
    }
    forget();
    return companion_->teardown();
}

void EbpfBackend::forget() {
    maps_.reset();
    active_ = false;
    uncertain_ = false;
    pools_ = Pools(settings_);
    ledger_ = {};
    known4_ = {};
    known6_ = {};
    facts_.reset();
    adopted_ = {};
}

std::optional<std::chrono::milliseconds> EbpfBackend::tend_in() const {
    return companion_->tend_in();
}

Result<void> EbpfBackend::tend() {
    return companion_->tend();
}

std::vector<EndpointAddr> EbpfBackend::orphaned_udp_frontends() const {
    return companion_->orphaned_udp_frontends();
}

}  // namespace sy::ebpf
