#include "backends/ebpf/writes.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <unordered_set>

namespace sy::ebpf {
namespace {

bool publish(uint64_t& place, uint64_t word) {
    const std::atomic_ref<uint64_t> shared(place);
    if (shared.load(std::memory_order_relaxed) == word) {
        return false;
    }
    shared.store(word, std::memory_order_release);
    return true;
}

uint64_t endpoint4_word(const EndpointAddr& endpoint) {
    return sy_endpoint4_word(network_word(endpoint.ip), endpoint.port.be16());
}

sy_endpoint6 endpoint6_record(const EndpointAddr& endpoint) {
    sy_endpoint6 record{};
    const auto bytes = endpoint.ip.bytes();
    std::memcpy(record.address, bytes.data(), std::min(bytes.size(), sizeof record.address));
    record.port = endpoint.port.be16();
    return record;
}

/// Records too large for one word are only written while nobody refers to them.
template <class Record>
bool replace(Record& place, const Record& record) {
    if (std::memcmp(&place, &record, sizeof record) == 0) {
        return false;
    }
    std::memcpy(&place, &record, sizeof record);
    return true;
}

}  // namespace

Frontend4 frontend4(const Entry& entry) {
    const auto key = entry.key4();
    return {key, sy_frontend_word(entry.id(), sy_check4(&key))};
}

Frontend6 frontend6(const Entry& entry) {
    const auto key = entry.key6();
    return {key, sy_frontend_word(entry.id(), sy_check6(&key))};
}

Writes order(const Book::Stage& stage) {
    Writes writes;
    std::array<std::size_t, 8> count{};
    for (const auto& op : stage.add) {
        ++count[static_cast<std::size_t>(op.object.kind())];
    }
    std::array<std::size_t, 8> next{};
    for (std::size_t kind = 1; kind < next.size(); ++kind) {
        next[kind] = next[kind - 1] + count[kind - 1];
    }
    writes.put4.reserve(count[static_cast<std::size_t>(Kind::frontend4)]);
    writes.put6.reserve(count[static_cast<std::size_t>(Kind::frontend6)]);
    writes.stores.resize(next[static_cast<std::size_t>(Kind::frontend4)]);
    for (const auto& op : stage.add) {
        if (op.object.kind() == Kind::frontend4) {
            writes.put4.push_back(frontend4(op.object));
        } else if (op.object.kind() == Kind::frontend6) {
            writes.put6.push_back(frontend6(op.object));
        } else {
            writes.stores[next[static_cast<std::size_t>(op.object.kind())]++] = op;
        }
    }
    // An id of 0 stands for the key alone.
    std::unordered_set<Entry> replaced;
    for (const auto& op : stage.remove) {
        if (op.object.is_frontend()) {
            replaced.reserve(writes.put4.size() + writes.put6.size());
            for (const auto& put : writes.put4) {
                replaced.insert(Entry::frontend(put.key, 0));
            }
            for (const auto& put : writes.put6) {
                replaced.insert(Entry::frontend(put.key, 0));
            }
            break;
        }
    }
    for (const auto& op : stage.remove) {
        const auto& entry = op.object;
        if (entry.kind() == Kind::frontend4 &&
            !replaced.contains(Entry::frontend(entry.key4(), 0))) {
            writes.erase4.push_back(frontend4(entry));
        } else if (entry.kind() == Kind::frontend6 &&
                   !replaced.contains(Entry::frontend(entry.key6(), 0))) {
            writes.erase6.push_back(frontend6(entry));
        }
    }
    return writes;
}

bool store(const Entry& entry, const ServiceName& owner, const Pools& pools, const Arrays& arrays) {
    const auto index = entry.index();
    switch (entry.kind()) {
        case Kind::endpoint4:
            return publish(arrays.endpoints4[index], endpoint4_word(entry.endpoint()));
        case Kind::endpoint6:
            return replace(arrays.endpoints6[index], endpoint6_record(entry.endpoint()));
        case Kind::slot:
            return publish(arrays.slots[index], entry.word());
        case Kind::affinity:
            return publish(arrays.affinity[index], entry.word());
        case Kind::name:
            return replace(arrays.names[index],
                           name_record(owner, pools.port_name(entry.label().port), entry.label()));
        case Kind::service:
            return publish(arrays.services[index], entry.word());
        case Kind::frontend4:
        case Kind::frontend6:
            break;
    }
    return false;
}

void clear_name(uint32_t id, const Arrays& arrays) {
    arrays.names[id] = {};
}

void clear_service(uint32_t id, const Arrays& arrays) {
    publish(arrays.services[id], 0);
}

sy_name name_record(const ServiceName& owner, std::string_view port, const Label& label) {
    sy_name record{};
    record.ipv6 = label.family == Family::ipv6 ? 1 : 0;
    record.protocol = static_cast<uint8_t>(label.protocol);
    record.list = label.list == ListId::local ? 1 : 0;
    // The last byte stays zero.
    std::size_t room = sizeof record.text - 1;
    char* end = record.text;
    const auto append = [&](std::string_view text) {
        const auto length = std::min(text.size(), room);
        end = std::copy_n(text.data(), length, end);
        room -= length;
    };
    append(owner.ns);
    append("/");
    append(owner.name);
    if (!port.empty()) {
        append(":");
        append(port);
    }
    return record;
}

std::string_view name_text(const sy_name& record) {
    const auto* end = std::find(std::begin(record.text), std::end(record.text), '\0');
    return {record.text, static_cast<std::size_t>(end - record.text)};
}

}  // namespace sy::ebpf
