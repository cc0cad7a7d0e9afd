// IP addresses and networks of either family as small comparable values.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sy {

enum class Family : uint8_t { ipv4 = 4, ipv6 = 6 };

inline constexpr std::array<Family, 2> kFamilies{Family::ipv4, Family::ipv6};

/// "IPv4" or "IPv6", the spelling of the Kubernetes API.
std::string_view to_string(Family family);

/// None, one or both of the families.
class FamilySet {
  public:
    constexpr FamilySet() = default;
    constexpr explicit FamilySet(Family family) : bits_(bit(family)) {}
    static constexpr FamilySet both() { return FamilySet(Family::ipv4) | FamilySet(Family::ipv6); }

    constexpr bool contains(Family family) const { return (bits_ & bit(family)) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr FamilySet& operator|=(FamilySet other) {
        bits_ = static_cast<uint8_t>(bits_ | other.bits_);
        return *this;
    }
    friend constexpr FamilySet operator|(FamilySet a, FamilySet b) { return a |= b; }
    friend constexpr bool operator==(FamilySet, FamilySet) = default;

  private:
    static constexpr uint8_t bit(Family family) { return family == Family::ipv4 ? 1 : 2; }

    uint8_t bits_ = 0;
};

/// An IPv4 or IPv6 address. Ordered by family, then numerically.
class IpAddr {
  public:
    /// 0.0.0.0
    constexpr IpAddr() = default;

    static constexpr IpAddr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
        IpAddr ip;
        ip.bytes_ = {a, b, c, d};
        return ip;
    }
    /// From 4 (IPv4) or 16 (IPv6) bytes in network order; any other length gives nothing.
    static std::optional<IpAddr> from_bytes(std::span<const uint8_t> bytes);

    /// Reads what Kubernetes accepts: dotted quad, in which leading zeros are decimal
    /// ("172.30.0.041" is .41, as kube-proxy reads it), or RFC 4291 text. A v4-mapped IPv6
    /// address is read as the IPv4 address, as Go's net package does. No zone, no spaces.
    static std::optional<IpAddr> parse(std::string_view text);

    constexpr Family family() const { return family_; }
    /// 4 or 16 bytes in network order.
    constexpr std::span<const uint8_t> bytes() const {
        return std::span(bytes_).first(family_ == Family::ipv4 ? 4 : 16);
    }
    /// Width in bits: 32 or 128.
    constexpr unsigned bits() const { return family_ == Family::ipv4 ? 32 : 128; }
    /// 0.0.0.0 or ::
    bool is_unspecified() const;
    /// 127.0.0.0/8 or ::1
    bool is_loopback() const;
    /// Canonical text (RFC 5952 for IPv6).
    std::string to_string() const;

    friend constexpr auto operator<=>(const IpAddr&, const IpAddr&) = default;

  private:
    Family family_ = Family::ipv4;
    std::array<uint8_t, 16> bytes_{};
};

/// A network: an address whose host bits are zero, and a prefix length.
class Cidr {
  public:
    constexpr Cidr() = default;

    /// Host bits of `address` are cleared. Nothing if `prefix` exceeds the family's width.
    static std::optional<Cidr> make(const IpAddr& address, unsigned prefix);
    /// "10.0.0.0/8" and the like, read as leniently as IpAddr::parse. The prefix is mandatory.
    static std::optional<Cidr> parse(std::string_view text);

    constexpr Family family() const { return first_.family(); }
    constexpr unsigned prefix() const { return prefix_; }
    /// Lowest address.
    constexpr const IpAddr& first() const { return first_; }
    /// Highest address.
    IpAddr last() const;
    bool contains(const IpAddr& address) const;
    std::string to_string() const;

    friend constexpr auto operator<=>(const Cidr&, const Cidr&) = default;

  private:
    IpAddr first_;
    uint8_t prefix_ = 0;
};

/// The all-zero address of a family (0.0.0.0 or ::).
IpAddr unspecified(Family family);

}  // namespace sy

template <>
struct std::hash<sy::IpAddr> {
    std::size_t operator()(const sy::IpAddr& ip) const noexcept;
};
