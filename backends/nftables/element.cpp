#include "backends/nftables/element.h"

#include <algorithm>
#include <cassert>
#include <string_view>

namespace sy::nft {
namespace {

constexpr std::size_t padded(std::size_t size) {
    return (size + 3) & ~std::size_t{3};
}

}  // namespace

Element& Element::key_bytes(std::span<const uint8_t> part) {
    assert(data_size_ == 0 && key_size_ + padded(part.size()) <= kCapacity);
    std::ranges::copy(part, bytes_.begin() + key_size_);
    key_size_ = static_cast<uint8_t>(key_size_ + padded(part.size()));
    return *this;
}

Element& Element::key_word(uint32_t host_order) {
    std::array<uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &host_order, bytes.size());
    return key_bytes(bytes);
}

Element& Element::data_bytes(std::span<const uint8_t> part) {
    const std::size_t used = std::size_t{key_size_} + data_size_;
    assert(used + padded(part.size()) <= kCapacity);
    std::ranges::copy(part, bytes_.begin() + static_cast<std::ptrdiff_t>(used));
    data_size_ = static_cast<uint8_t>(data_size_ + padded(part.size()));
    return *this;
}

Element& Element::data_word(uint32_t host_order) {
    std::array<uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &host_order, bytes.size());
    return data_bytes(bytes);
}

bool Element::same_key(const Element& other) const {
    return family_ == other.family_ && set_ == other.set_ && std::ranges::equal(key(), other.key());
}

}  // namespace sy::nft

std::size_t std::hash<sy::nft::Element>::operator()(const sy::nft::Element& e) const noexcept {
    const auto key = e.key();
    const auto seed = static_cast<std::size_t>(e.set()) * 2 + (e.family() == sy::Family::ipv6);
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(key.data()), key.size()}) ^
           (seed * 0x9e3779b97f4a7c15U);
}
