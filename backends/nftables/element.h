// Elements of our fixed sets and maps as plain bytes: what a Service is made of in this backend.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>

#include "base/ip.h"

namespace sy::nft {

/// The named sets and maps of all layouts. A layout lists those it has (layout.h).
enum class SetId : uint8_t {
    pod_cidrs,
    service_cidrs,
    nodeport_ips,
    cluster_ips,
    frontends,
    nodeports,
    ranges,
    endpoints,
    affinity,
    aff_slots,
    aff_endpoints,
    hairpin,
    service_endpoints,  // every endpoint address, for the stray-segment chain
    shortcut,
    classes,
    // Layout "marks" (backends/ipvs): words live in the packet mark.
    vips,
    mark_frontends,
    mark_nodeports,
    mark_ranges,
    sticky,
    mark_affinity,
    mark_slots,
    mark_servers,
};
inline constexpr std::size_t kSetCount = 23;

/// One element as the kernel sees it: key (for interval sets: first key then last key, inclusive)
/// followed by data, each field padded to 4-byte registers as nftables does. Addresses, ports in
/// network order; words, ids and slots (meta priority, numgen) in host order.
/// The largest are v6 ranges (2 x 20 bytes of key) and v6 hairpin (32).
class Element {
  public:
    static constexpr std::size_t kCapacity = 40;

    constexpr Element() = default;
    Element(Family family, SetId set) : family_(family), set_(set) {}

    Family family() const { return family_; }
    SetId set() const { return set_; }
    /// Key bytes; of an interval, both ends.
    std::span<const uint8_t> key() const { return std::span(bytes_).first(key_size_); }
    std::span<const uint8_t> data() const {
        return std::span(bytes_).subspan(key_size_, data_size_);
    }

    /// Appends to the key. All key parts come before all data parts. Each call pads to 4 bytes.
    Element& key_bytes(std::span<const uint8_t> part);
    Element& key_word(uint32_t host_order);
    Element& data_bytes(std::span<const uint8_t> part);
    Element& data_word(uint32_t host_order);

    /// The same key and data in another set.
    Element moved_to(SetId set) const {
        Element moved = *this;
        moved.set_ = set;
        return moved;
    }

    /// Same family, set and key, whatever the data.
    bool same_key(const Element& other) const;

    friend auto operator<=>(const Element& a, const Element& b) = default;
    friend bool operator==(const Element& a, const Element& b) = default;

  private:
    Family family_ = Family::ipv4;
    SetId set_ = SetId::pod_cidrs;
    uint8_t key_size_ = 0;
    uint8_t data_size_ = 0;
    std::array<uint8_t, kCapacity> bytes_{};
};
static_assert(sizeof(Element) == 44);

}  // namespace sy::nft

/// Hashes family, set and key; elements of one key collide by intent.
template <>
struct std::hash<sy::nft::Element> {
    std::size_t operator()(const sy::nft::Element& e) const noexcept;
};
