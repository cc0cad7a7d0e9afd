#include "tests/support/fake_ebpf_kernel.h"

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "backends/ebpf/entry.h"

namespace sy::ebpf {
namespace {

template <class T>
std::shared_ptr<std::vector<T>> shared_array(const std::shared_ptr<std::vector<T>>& like,
                                             uint32_t size) {
    return like && like->size() == size ? like : std::make_shared<std::vector<T>>(size);
}

class FakeMapSet : public MapSet {
  public:
    FakeMapSet(FakeBpf& state, std::shared_ptr<FakeMaps> maps)
        : state_(state), maps_(std::move(maps)) {}

    const std::shared_ptr<FakeMaps>& maps() const { return maps_; }

    const Sizes& sizes() const override { return maps_->sizes; }
    Arrays arrays() override { return maps_->arrays(); }

    Result<void> put(std::span<const Frontend4> entries) override {
        return put_all(*maps_->frontends4, entries, maps_->sizes.frontends4);
    }
    Result<void> put(std::span<const Frontend6> entries) override {
        return put_all(*maps_->frontends6, entries, maps_->sizes.frontends6);
    }
    Result<void> erase(std::span<const sy_frontend4> keys) override {
        return erase_all(*maps_->frontends4, keys);
    }
    Result<void> erase(std::span<const sy_frontend6> keys) override {
        return erase_all(*maps_->frontends6, keys);
    }
    Result<std::vector<Frontend4>> frontends4() const override {
        return all<Frontend4>(*maps_->frontends4);
    }
    Result<std::vector<Frontend6>> frontends6() const override {
        return all<Frontend6>(*maps_->frontends6);
    }

    Result<uint64_t> set_node_addresses(std::span<const IpAddr> addresses) override {
        ++state_.calls.node_addresses;
        if (auto error = failure("node_addresses")) {
            return std::unexpected(*error);
        }
        const std::set<IpAddr> wanted(addresses.begin(), addresses.end());
        std::vector<IpAddr> differing;
        std::ranges::set_symmetric_difference(wanted, *maps_->node_addresses,
                                              std::back_inserter(differing));
        *maps_->node_addresses = wanted;
        return differing.size();
    }
    Result<std::vector<IpAddr>> node_addresses() const override {
        return std::vector<IpAddr>(maps_->node_addresses->begin(), maps_->node_addresses->end());
    }
    Result<void> reset_counters(std::span<const uint32_t> ids) override {
        ++state_.calls.reset;
        if (auto error = failure("reset")) {
            return std::unexpected(*error);
        }
        for (const auto id : ids) {
            maps_->connections->at(id) = 0;
        }
        return {};
    }

  private:
    std::optional<Error> failure(std::string_view call) const {
        return state_.fail ? state_.fail(call) : std::nullopt;
    }
    void changed() const {
        if (state_.on_change) {
            state_.on_change();
        }
    }

    template <class Key>
    Result<void> put_all(FakeHash<Key>& hash, std::span<const FrontendEntry<Key>> entries,
                         uint32_t limit) {
        ++state_.calls.put;
        auto error = failure("put");
        const auto end = error ? entries.size() / 2 : entries.size();
        for (const auto& entry : entries.first(end)) {
            {
                const std::lock_guard lock(hash.mutex);
                if (hash.words.size() >= limit && !hash.words.contains(entry.key)) {
                    return fail("putting a frontend", {}, E2BIG);
                }
                hash.words[entry.key] = entry.word;
            }
            changed();
        }
        if (error) {
            return std::unexpected(*error);
        }
        return {};
    }
    template <class Key>
    Result<void> erase_all(FakeHash<Key>& hash, std::span<const Key> keys) {
        ++state_.calls.erase;
        auto error = failure("erase");
        const auto end = error ? keys.size() / 2 : keys.size();
        for (const auto& key : keys.first(end)) {
            {
                const std::lock_guard lock(hash.mutex);
                hash.words.erase(key);
            }
            changed();
        }
        if (error) {
            return std::unexpected(*error);
        }
        return {};
    }
    template <class Frontend, class Key>
    static std::vector<Frontend> all(FakeHash<Key>& hash) {
        const std::lock_guard lock(hash.mutex);
        std::vector<Frontend> entries;
        for (const auto& [key, word] : hash.words) {
            entries.push_back({key, word});
        }
        return entries;
    }

    FakeBpf& state_;
    std::shared_ptr<FakeMaps> maps_;
};

uint64_t load(const uint64_t& place) {
    // atomic_ref has no const version before C++26; nothing is written.
    return std::atomic_ref<uint64_t>(const_cast<uint64_t&>(place)).load(std::memory_order_acquire);
}

/// The word of the frontend, if it was written for that key.
uint64_t find_frontend(FakeMaps& maps, const Attempt& attempt) {
    const bool ipv4 = attempt.address.family() == Family::ipv4;
    Frontend frontend;
    frontend.address = attempt.address;
    frontend.port = attempt.port;
    const auto lookup = [&]() -> uint64_t {
        if (ipv4) {
            const auto key = frontend_key4(attempt.protocol, frontend);
            const auto word = maps.frontends4->find(key).value_or(0);
            return sy_frontend_check(word) == sy_check4(&key) ? word : 0;
        }
        const auto key = frontend_key6(attempt.protocol, frontend);
        const auto word = maps.frontends6->find(key).value_or(0);
        return sy_frontend_check(word) == sy_check6(&key) ? word : 0;
    };
    if (const auto word = lookup(); word != 0) {
        return word;
    }
    const auto loopback = ipv4 ? SY_SETTING_LOOPBACK4 : SY_SETTING_LOOPBACK6;
    const bool serves = attempt.address.is_loopback()
                            ? attempt.host && (maps.settings->flags & loopback) != 0
                            : maps.node_addresses->contains(attempt.address);
    if (!serves) {
        return 0;
    }
    frontend.kind = FrontendKind::node_port;
    return lookup();
}

EndpointAddr endpoint_at(const FakeMaps& maps, Family family, uint32_t index) {
    if (family == Family::ipv4) {
        const auto word = load(maps.endpoints4->at(index));
        return {address4(sy_endpoint4_address(word)), port_of(sy_endpoint4_port(word))};
    }
    const auto& record = maps.endpoints6->at(index);
    return {address6(record.address), port_of(record.port)};
}

}  // namespace

Arrays FakeMaps::arrays() {
    return {*services, *slots, *endpoints4, *endpoints6, *affinity, *names, settings.get()};
}

Result<FoundSet> FakeKernel::find() {
    if (state_.fail) {
        if (auto error = state_.fail("find")) {
            return std::unexpected(*error);
        }
    }
    FoundSet found;
    if (state_.other_layout) {
        found.other_layout = true;
        return found;
    }
    // What the links read; a set that was made and never read is worth nothing beside it.
    const auto used = std::ranges::find(state_.pinned, state_.active);
    if (used != state_.pinned.end()) {
        state_.pinned = {*used};
    } else if (!state_.pinned.empty()) {
        state_.pinned = {state_.pinned.back()};
    }
    if (!state_.pinned.empty()) {
        found.maps = std::make_unique<FakeMapSet>(state_, state_.pinned.front());
    }
    return found;
}

Result<std::unique_ptr<MapSet>> FakeKernel::create(const Sizes& sizes, MapSet* like) {
    ++state_.calls.create;
    if (state_.fail) {
        if (auto error = state_.fail("create")) {
            return std::unexpected(*error);
        }
    }
    const FakeMaps nothing;
    const auto& old = like == nullptr ? nothing : *static_cast<FakeMapSet*>(like)->maps();
    auto maps = std::make_shared<FakeMaps>();
    maps->sizes = sizes;
    maps->frontends4 = old.sizes.frontends4 == sizes.frontends4
                           ? old.frontends4
                           : std::make_shared<FakeHash<sy_frontend4>>();
    maps->frontends6 = old.sizes.frontends6 == sizes.frontends6
                           ? old.frontends6
                           : std::make_shared<FakeHash<sy_frontend6>>();
    maps->services = shared_array(old.services, sizes.services);
    maps->slots = shared_array(old.slots, sizes.slots);
    maps->endpoints4 = shared_array(old.endpoints4, sizes.endpoints4);
    maps->endpoints6 = shared_array(old.endpoints6, sizes.endpoints6);
    maps->affinity = shared_array(old.affinity, sizes.services);
    maps->names = shared_array(old.names, sizes.services);
    maps->connections = shared_array(old.connections, sizes.services);
    if (old.connections) {
        std::ranges::copy(*old.connections, maps->connections->begin());
    }
    maps->settings = old.settings ? old.settings : std::make_shared<sy_settings>();
    maps->node_addresses =
        old.node_addresses ? old.node_addresses : std::make_shared<std::set<IpAddr>>();
    state_.pinned.push_back(maps);
    return std::make_unique<FakeMapSet>(state_, std::move(maps));
}

Result<void> FakeKernel::activate(MapSet& maps) {
    ++state_.calls.activate;
    if (state_.fail) {
        if (auto error = state_.fail("activate")) {
            return std::unexpected(*error);
        }
    }
    state_.active = static_cast<FakeMapSet&>(maps).maps();
    state_.pinned = {state_.active};
    state_.other_layout = false;
    return {};
}

Result<bool> FakeKernel::is_active(const MapSet& maps) {
    return state_.active != nullptr && state_.active == static_cast<const FakeMapSet&>(maps).maps();
}

void FakeKernel::grace() {
    ++state_.calls.grace;
    if (state_.on_grace) {
        state_.on_grace();
    }
}

Result<bool> FakeKernel::remove_all() {
    const bool any = state_.active || !state_.pinned.empty() || state_.other_layout;
    state_.active.reset();
    state_.pinned.clear();
    state_.other_layout = false;
    return any;
}

Answer pick(FakeMaps& maps, const Attempt& attempt) {
    const auto family = attempt.address.family();
    const auto flags = maps.settings->flags;
    if ((flags & SY_SETTING_HOST_ONLY) != 0 && !attempt.host) {
        return {};
    }
    const auto frontend = find_frontend(maps, attempt);
    if (frontend == 0) {
        return {};
    }
    const auto id = sy_frontend_id(frontend);
    for (int round = 0; round < 3; ++round) {
        const auto word = load(maps.services->at(id));
        const auto no_detector =
            family == Family::ipv4 ? SY_SETTING_NO_DETECTOR4 : SY_SETTING_NO_DETECTOR6;
        if ((sy_service_flags(word) & SY_SERVICE_INSIDE_ONLY) != 0 && !attempt.host &&
            (flags & no_detector) != 0) {
            return {};
        }
        if (sy_service_count(word) == 0) {
            const bool reject = (sy_service_flags(word) & SY_SERVICE_REJECT) != 0;
            return {reject ? Answer::Kind::refused : Answer::Kind::miss, {}, id};
        }
        const auto position =
            sy_service_base(word) +
            (attempt.random + static_cast<uint32_t>(round)) % sy_service_count(word);
        const auto slot = load(maps.slots->at(position));
        if (sy_slot_owner(slot) == id) {
            const auto endpoint = endpoint_at(maps, family, sy_slot_endpoint(slot));
            return endpoint.port == Port{} ? Answer{}
                                           : Answer{Answer::Kind::translated, endpoint, id};
        }
    }
    return {};
}

Answer pick(FakeBpf& state, const Attempt& attempt) {
    return state.active ? pick(*state.active, attempt) : Answer{};
}

std::set<EndpointAddr> answers(FakeBpf& state, Attempt attempt) {
    std::set<EndpointAddr> all;
    const auto first = pick(state, attempt);
    if (first.kind != Answer::Kind::translated) {
        return all;
    }
    const auto count = sy_service_count(state.active->services->at(first.id));
    for (attempt.random = 0; attempt.random < count; ++attempt.random) {
        all.insert(pick(state, attempt).endpoint);
    }
    return all;
}

}  // namespace sy::ebpf
