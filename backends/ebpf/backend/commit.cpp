// From changes to the maps: room, stores, frontends.
#include <algorithm>
#include <span>
#include <utility>

#include "backends/ebpf/backend/backend.h"

namespace sy::ebpf {
namespace {

template <class Key>
std::vector<FrontendEntry<Key>> all_of(const KnownFrontends<Key>& known) {
    std::vector<FrontendEntry<Key>> entries;
    entries.reserve(known.size());
    for (const auto& [key, word] : known) {
        entries.push_back({key, word});
    }
    return entries;
}

template <class Key>
std::size_t count_new(const std::vector<FrontendEntry<Key>>& puts,
                      const KnownFrontends<Key>& known) {
    return static_cast<std::size_t>(
        std::ranges::count_if(puts, [&](const auto& entry) { return !known.contains(entry.key); }));
}

/// Frontends that have been given to somebody else meanwhile stay.
template <class Key>
void keep_foreign(std::vector<FrontendEntry<Key>>& erase, const KnownFrontends<Key>& known) {
    std::erase_if(erase, [&](const FrontendEntry<Key>& entry) {
        const auto found = known.find(entry.key);
        return found == known.end() || found->second != entry.word;
    });
}

template <class Key>
Result<void> put(MapSet& maps, const std::vector<FrontendEntry<Key>>& entries,
                 KnownFrontends<Key>& known, ApplyReport& report) {
    if (entries.empty()) {
        return {};
    }
    for (const auto& entry : entries) {
        known[entry.key] = entry.word;
    }
    ++report.transactions;
    report.writes += entries.size();
    return maps.put(entries);
}

template <class Key>
Result<void> erase(MapSet& maps, const std::vector<FrontendEntry<Key>>& entries,
                   KnownFrontends<Key>& known, ApplyReport& report) {
    if (entries.empty()) {
        return {};
    }
    std::vector<Key> keys;
    keys.reserve(entries.size());
    for (const auto& entry : entries) {
        known.erase(entry.key);
        keys.push_back(entry.key);
    }
    ++report.transactions;
    report.writes += keys.size();
    return maps.erase(std::span<const Key>(keys));
}

/// The new array may be the old one, mapped again.
template <class T>
void copy_array(std::span<const T> from, std::span<T> to) {
    if (from.size() != to.size()) {
        std::ranges::copy(from.first(std::min(from.size(), to.size())), to.begin());
    }
}

}  // namespace

Result<void> EbpfBackend::commit(std::vector<Change> changes, ApplyReport& report) {
    const auto stage = ledger_.stage(changes);
    Result<void> done;
    if (!stage.empty()) {
        auto writes = order(stage);
        keep_foreign(writes.erase4, known4_);
        keep_foreign(writes.erase6, known6_);
        const auto erase_first = make_fit(writes, report);
        if (!erase_first) {
            return std::unexpected(erase_first.error());
        }
        if (done = reset_counters(writes, report); !done) {
            return done;
        }
        report.writes += store_all(writes, changes);
        // What is stored stands, whatever becomes of the frontends; they are compared later.
        done = write_frontends(writes, *erase_first, report);
        uncertain_ = !done;
    }
    pools_.settle(stage);
    for (const auto& op : stage.remove) {
        if (op.object.kind() == Kind::name && pools_.ids().in_limbo(op.object.index())) {
            clear_name(op.object.index(), maps_->arrays());
        }
    }
    ledger_.commit(stage, std::move(changes));
    return done;
}

/// Frontends that nobody has any more.
Result<void> EbpfBackend::erase_left(Writes gone, ApplyReport& report) {
    keep_foreign(gone.erase4, known4_);
    keep_foreign(gone.erase6, known6_);
    auto done = write_frontends(gone, false, report);
    uncertain_ = uncertain_ || !done;
    return done;
}

/// Grows maps that are too small. True if frontends have to be erased before others fit.
Result<bool> EbpfBackend::make_fit(const Writes& writes, ApplyReport& report) {
    const auto peak4 = known4_.size() + count_new(writes.put4, known4_);
    const auto peak6 = known6_.size() + count_new(writes.put6, known6_);
    auto needs = pools_.needs();
    needs.frontends4 = static_cast<uint32_t>(peak4);
    needs.frontends6 = static_cast<uint32_t>(peak6);
    if (fits(needs, maps_->sizes())) {
        return false;
    }
    const auto sizes = grown(maps_->sizes(), needs, settings_);
    if (sizes != maps_->sizes()) {
        if (auto done = resize(sizes, report); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    return !fits(needs, sizes);
}

/// Sockets go over to larger maps of the same content.
Result<void> EbpfBackend::resize(const Sizes& sizes, ApplyReport& report) {
    auto created = kernel_->create(sizes, maps_.get());
    if (!created) {
        return std::unexpected(std::move(created.error()));
    }
    const auto from = maps_->arrays();
    const auto to = (*created)->arrays();
    copy_array<uint64_t>(from.endpoints4, to.endpoints4);
    copy_array<sy_endpoint6>(from.endpoints6, to.endpoints6);
    copy_array<uint64_t>(from.slots, to.slots);
    copy_array<uint64_t>(from.affinity, to.affinity);
    copy_array<sy_name>(from.names, to.names);
    copy_array<uint64_t>(from.services, to.services);
    if (sizes.frontends4 != maps_->sizes().frontends4) {
        if (auto done = (*created)->put(std::span<const Frontend4>(all_of(known4_))); !done) {
            return done;
        }
    }
    if (sizes.frontends6 != maps_->sizes().frontends6) {
        if (auto done = (*created)->put(std::span<const Frontend6>(all_of(known6_))); !done) {
            return done;
        }
    }
    if (active_) {
        if (auto done = kernel_->activate(**created); !done) {
            return done;
        }
    }
    maps_ = std::move(*created);
    ++report.transactions;
    log_.debug("the eBPF maps were made anew: " + std::to_string(sizes.services) + " services, " +
               std::to_string(sizes.slots) + " slots");
    return {};
}

/// A new id counts from zero.
Result<void> EbpfBackend::reset_counters(const Writes& writes, ApplyReport& report) {
    std::vector<uint32_t> ids;
    for (const auto& op : writes.stores) {
        const auto id = op.object.index();
        if (op.object.kind() == Kind::service && !pools_.ids().committed(id) &&
            pools_.ids().is_second_hand(id)) {
            ids.push_back(id);
        }
    }
    if (ids.empty()) {
        return {};
    }
    ++report.transactions;
    return maps_->reset_counters(ids);
}

uint64_t EbpfBackend::store_all(const Writes& writes, const std::vector<Change>& changes) {
    const auto arrays = maps_->arrays();
    uint64_t stored = 0;
    for (const auto& op : writes.stores) {
        stored += store(op.object, changes[op.owner].service, pools_, arrays) ? 1U : 0U;
    }
    return stored;
}

Result<void> EbpfBackend::write_frontends(const Writes& writes, bool erase_first,
                                          ApplyReport& report) {
    const auto put_all = [&] {
        auto first = put(*maps_, writes.put4, known4_, report);
        auto second = put(*maps_, writes.put6, known6_, report);
        return first ? second : first;
    };
    const auto erase_all = [&] {
        auto first = erase(*maps_, writes.erase4, known4_, report);
        auto second = erase(*maps_, writes.erase6, known6_, report);
        return first ? second : first;
    };
    if (erase_first) {
        auto erased = erase_all();
        auto written = put_all();
        return erased ? written : erased;
    }
    auto written = put_all();
    auto erased = erase_all();
    return written ? erased : written;
}

std::vector<MapFill> EbpfBackend::fill() const {
    auto all = companion_->fill();
    if (!maps_) {
        return all;
    }
    const auto& sizes = maps_->sizes();
    const auto add = [&](std::string_view map, Family family, std::size_t used, uint32_t capacity) {
        all.push_back({.map = map, .family = family, .elements = used, .capacity = capacity});
    };
    add("bpf_frontends", Family::ipv4, known4_.size(), sizes.frontends4);
    add("bpf_frontends", Family::ipv6, known6_.size(), sizes.frontends6);
    add("bpf_services", Family::ipv4, pools_.ids().in_use(), sizes.services);
    add("bpf_slots", Family::ipv4, pools_.runs().in_use(), sizes.slots);
    for (const auto family : kFamilies) {
        add("bpf_endpoints", family, pools_.endpoints(family).indexes().in_use(),
            family == Family::ipv4 ? sizes.endpoints4 : sizes.endpoints6);
    }
    return all;
}

Result<void> EbpfBackend::activate(ApplyReport& report) {
    if (auto done = kernel_->activate(*maps_); !done) {
        return done;
    }
    active_ = true;
    ++report.transactions;
    return {};
}

}  // namespace sy::ebpf
