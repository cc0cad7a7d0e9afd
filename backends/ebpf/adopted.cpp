#include "backends/ebpf/adopted.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "backends/ebpf/writes.h"

namespace sy::ebpf {
namespace {

/// An endpoint as the arrays have it; port 0: there is none.
EndpointAddr endpoint_at(const Arrays& arrays, Family family, uint32_t index) {
    if (family == Family::ipv4) {
        const auto word = arrays.endpoints4[index];
        return {address4(sy_endpoint4_address(word)), port_of(sy_endpoint4_port(word))};
    }
    const auto& record = arrays.endpoints6[index];
    return {address6(record.address), port_of(record.port)};
}

std::size_t array_size(const Arrays& arrays, Family family) {
    return family == Family::ipv4 ? arrays.endpoints4.size() : arrays.endpoints6.size();
}

bool is_sound(const sy_name& record) {
    return record.ipv6 <= 1 && record.list <= 1 &&
           (record.protocol == static_cast<uint8_t>(Protocol::tcp) ||
            record.protocol == static_cast<uint8_t>(Protocol::udp));
}

Label label_of(const sy_name& record, uint64_t word) {
    return {.port = Symbol::none,
            .family = record.ipv6 == 0 ? Family::ipv4 : Family::ipv6,
            .protocol = static_cast<Protocol>(record.protocol),
            .list = record.list == 0 ? ListId::cluster : ListId::local,
            .inside_only = (sy_service_flags(word) & SY_SERVICE_INSIDE_ONLY) != 0};
}

using ById = std::vector<std::pair<uint32_t, Entry>>;

/// Sorts `frontends` into those that lead to some id and strays.
template <class Frontend, class Check>
void take_frontends(const std::vector<Frontend>& frontends, std::size_t ids, Check check,
                    ById& by_id, std::vector<Frontend>& strays) {
    for (const auto& frontend : frontends) {
        const auto id = sy_frontend_id(frontend.word);
        if (id == 0 || id >= ids || sy_frontend_check(frontend.word) != check(&frontend.key)) {
            strays.push_back(frontend);
        } else {
            by_id.emplace_back(id, Entry::frontend(frontend.key, id));
        }
    }
}

}  // namespace

Adopted::Adopted(const Arrays& arrays, const std::vector<Frontend4>& frontends4,
                 const std::vector<Frontend6>& frontends6, Pools& pools) {
    ById by_id;
    by_id.reserve(frontends4.size() + frontends6.size());
    take_frontends(frontends4, arrays.services.size(), sy_check4, by_id, stray4_);
    take_frontends(frontends6, arrays.services.size(), sy_check6, by_id, stray6_);
    std::ranges::sort(by_id);

    auto frontend = by_id.begin();
    std::vector<uint32_t> ids;
    for (uint32_t id = 1; id < arrays.services.size(); ++id) {
        const auto& record = arrays.names[id];
        const auto first = frontend;
        frontend =
            std::find_if(first, by_id.end(), [&](const auto& entry) { return entry.first != id; });
        const auto name = name_text(record);
        if (name.empty() && first == frontend) {
            continue;
        }
        Group group{.id = id,
                    .text = texts_.size(),
                    .text_size = is_sound(record) ? name.size() : 0,
                    .label = label_of(record, arrays.services[id]),
                    .first = entries_.size(),
                    .count = static_cast<std::size_t>(frontend - first),
                    .claimed = false};
        texts_ += name;
        std::transform(first, frontend, std::back_inserter(entries_),
                       [](const auto& entry) { return entry.second; });
        groups_.push_back(group);
        ids.push_back(id);
    }
    pools.adopt_ids(ids, static_cast<uint32_t>(arrays.services.size()));
    read_groups(arrays, pools);
    size_ = entries_.size() + endpoints_.size() + stray4_.size() + stray6_.size();
    std::ranges::sort(groups_, {}, [&](const Group& group) { return text(group); });
}

std::vector<uint32_t> Adopted::run_of(const Group& group, const Arrays& arrays) const {
    const auto word = arrays.services[group.id];
    const uint64_t base = sy_service_base(word);
    const uint64_t end = base + sy_service_count(word);
    std::vector<uint32_t> indexes;
    for (auto position = base; end <= arrays.slots.size() && position < end; ++position) {
        const auto slot = arrays.slots[position];
        const auto index = sy_slot_endpoint(slot);
        if (sy_slot_owner(slot) != group.id || index == 0 ||
            index >= array_size(arrays, group.label.family) ||
            endpoint_at(arrays, group.label.family, index).port == Port{}) {
            return {};
        }
        indexes.push_back(index);
    }
    return indexes;
}

/// Adds what the arrays have of each group to its frontends.
void Adopted::read_groups(const Arrays& arrays, Pools& pools) {
    std::vector<std::size_t> by_base(groups_.size());
    for (std::size_t i = 0; i < by_base.size(); ++i) {
        by_base[i] = i;
    }
    std::ranges::sort(by_base, {}, [&](std::size_t i) {
        return sy_service_base(arrays.services[groups_[i].id]);
    });
    const auto frontends = std::move(entries_);
    entries_.clear();
    std::array<std::vector<bool>, 2> used{std::vector<bool>(arrays.endpoints4.size()),
                                          std::vector<bool>(arrays.endpoints6.size())};
    for (const auto i : by_base) {
        auto& group = groups_[i];
        const auto word = arrays.services[group.id];
        const Runs::Run run{sy_service_base(word), sy_service_count(word)};
        const auto indexes = run_of(group, arrays);
        const bool sound = run.count == indexes.size() && (run.count == 0 || pools.adopt_run(run));
        const auto first = entries_.size();
        for (std::size_t n = 0; n < group.count; ++n) {
            entries_.push_back(frontends[group.first + n]);
        }
        if (sound) {
            for (std::size_t n = 0; n < indexes.size(); ++n) {
                entries_.push_back(Entry::slot(run.base + static_cast<uint32_t>(n),
                                               sy_slot_word(indexes[n], group.id)));
                used[group.label.family == Family::ipv4 ? 0 : 1][indexes[n]] = true;
            }
            if ((sy_service_flags(word) & SY_SERVICE_AFFINITY) != 0) {
                entries_.push_back(Entry::affinity(group.id, arrays.affinity[group.id]));
            }
        } else {
            group.text_size = 0;
        }
        // The run of one that does not fit together may be somebody else's.
        entries_.push_back(Entry::service(group.id, sound ? word : 0));
        group.first = first;
        group.count = entries_.size() - first;
    }
    for (const auto family : kFamilies) {
        const auto& marks = used[family == Family::ipv4 ? 0 : 1];
        std::vector<EndpointPool::Found> found;
        for (uint32_t index = 1; index < marks.size(); ++index) {
            if (marks[index]) {
                found.push_back({index, endpoint_at(arrays, family, index)});
                endpoints_.push_back(Entry::endpoint(index, found.back().address));
            }
        }
        pools.adopt_endpoints(family, found, static_cast<uint32_t>(marks.size()));
    }
}

std::vector<Entry> Adopted::claim(const ServicePlan& plan, Pools& pools) {
    std::vector<Entry> result;
    if (groups_.empty()) {
        return result;
    }
    for (const auto& port : plan.ports) {
        const auto record = name_record(plan.name, port.name, {});
        const auto found = std::ranges::equal_range(
            groups_, name_text(record), {}, [&](const Group& group) { return text(group); });
        for (auto& group : found) {
            if (group.claimed || group.label.family != port.family ||
                group.label.protocol != port.protocol) {
                continue;
            }
            group.claimed = true;
            const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(group.first);
            result.insert(result.end(), first, first + static_cast<std::ptrdiff_t>(group.count));
            auto label = group.label;
            label.port = pools.intern(port.name);
            result.push_back(Entry::name(group.id, label));
        }
    }
    std::ranges::sort(result);
    return result;
}

std::vector<Entry> Adopted::rest() const {
    std::vector<Entry> result;
    for (const auto& group : groups_) {
        if (!group.claimed) {
            const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(group.first);
            result.insert(result.end(), first, first + static_cast<std::ptrdiff_t>(group.count));
        }
    }
    return result;
}

}  // namespace sy::ebpf
