#include "backends/ebpf/endpoint_pool.h"

#include <array>
#include <cstring>

namespace sy::ebpf {

std::size_t EndpointPool::Hash::operator()(const EndpointAddr& address) const noexcept {
    std::array<uint64_t, 2> words{};
    const auto bytes = address.ip.bytes();
    std::memcpy(words.data(), bytes.data(), bytes.size());
    uint64_t mixed = (words[0] ^ address.port.number()) * 0x9e3779b97f4a7c15ULL;
    mixed ^= mixed >> 32;
    return (mixed ^ words[1]) * 0xff51afd7ed558ccdULL;
}

std::optional<uint32_t> EndpointPool::intern(const EndpointAddr& address) {
    const auto [found, fresh] = by_address_.try_emplace(address, 0);
    if (!fresh) {
        indexes_.revive(found->second);
        return found->second;
    }
    const auto index = indexes_.take();
    if (!index) {
        by_address_.erase(found);
        return std::nullopt;
    }
    found->second = *index;
    if (addresses_.size() <= *index) {
        addresses_.resize(*index + 1);
    }
    addresses_[*index] = address;
    return index;
}

void EndpointPool::adopt(const std::vector<Found>& found, uint32_t array_size) {
    std::vector<uint32_t> indexes;
    indexes.reserve(found.size());
    addresses_.resize(found.empty() ? 1 : found.back().index + 1);
    by_address_.reserve(found.size());
    for (const auto& [index, address] : found) {
        indexes.push_back(index);
        addresses_[index] = address;
        by_address_.emplace(address, index);
    }
    indexes_.adopt(indexes, array_size);
}

void EndpointPool::release(std::size_t mark) {
    forget(indexes_.release(mark));
}

void EndpointPool::drain() {
    forget(indexes_.drain());
}

void EndpointPool::forget(const std::vector<uint32_t>& freed) {
    for (const auto index : freed) {
        const auto found = by_address_.find(addresses_[index]);
        if (found != by_address_.end() && found->second == index) {
            by_address_.erase(found);
        }
    }
}

}  // namespace sy::ebpf
