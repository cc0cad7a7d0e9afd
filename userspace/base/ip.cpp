#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace sy {
namespace {

// inet_pton refuses leading zeros, which Kubernetes' parser reads as decimal digits.
std::optional<IpAddr> parse_v4(std::string_view text) {
    std::array<uint8_t, 4> octets{};
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const auto dot = text.find('.');
        const auto part = text.substr(0, dot);
        const bool last = i + 1 == octets.size();
        if (part.empty() || last != (dot == std::string_view::npos)) {
            return std::nullopt;
        }
        const auto [end, error] =
            std::from_chars(part.data(), part.data() + part.size(), octets[i], 10);
        if (error != std::errc{} || end != part.data() + part.size()) {
            return std::nullopt;
        }
        text.remove_prefix(last ? text.size() : dot + 1);
    }
    return IpAddr::from_bytes(octets);
}

std::optional<IpAddr> parse_v6(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> copy{};
    if (text.size() >= copy.size()) {
        return std::nullopt;
    }
    std::ranges::copy(text, copy.begin());
    std::array<uint8_t, 16> bytes{};
    if (inet_pton(AF_INET6, copy.data(), bytes.data()) != 1) {
        return std::nullopt;
    }
    constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::ranges::equal(std::span(bytes).first<12>(), kMapped)) {
        return IpAddr::from_bytes(std::span(bytes).last<4>());
    }
    return IpAddr::from_bytes(bytes);
}

}  // namespace

std::string_view to_string(Family family) {
    return family == Family::ipv4 ? "IPv4" : "IPv6";
}

std::optional<IpAddr> IpAddr::from_bytes(std::span<const uint8_t> bytes) {
    if (bytes.size() != 4 && bytes.size() != 16) {
        return std::nullopt;
    }
    IpAddr ip;
    ip.family_ = bytes.size() == 4 ? Family::ipv4 : Family::ipv6;
    std::ranges::copy(bytes, ip.bytes_.begin());
    return ip;
}

std::optional<IpAddr> IpAddr::parse(std::string_view text) {
    // An embedded NUL would end the text early for inet_pton.
    if (text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    return text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text);
}

bool IpAddr::is_unspecified() const {
    return std::ranges::all_of(bytes_, [](uint8_t b) { return b == 0; });
}

bool IpAddr::is_loopback() const {
    if (family_ == Family::ipv4) {
        return bytes_[0] == 127;
    }
    return bytes_[15] == 1 &&
           std::ranges::all_of(std::span(bytes_).first<15>(), [](uint8_t b) { return b == 0; });
}

std::string IpAddr::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family_ == Family::ipv4 ? AF_INET : AF_INET6, bytes_.data(), text.data(),
              text.size());
    return text.data();
}

std::optional<Cidr> Cidr::make(const IpAddr& address, unsigned prefix) {
    if (prefix > address.bits()) {
        return std::nullopt;
    }
    std::array<uint8_t, 16> bytes{};
    const auto source = address.bytes();
    for (std::size_t i = 0; i < source.size(); ++i) {
        const unsigned kept = std::clamp<unsigned>(prefix, static_cast<unsigned>(8 * i),
                                                   static_cast<unsigned>(8 * (i + 1))) -
                              static_cast<unsigned>(8 * i);
        bytes[i] = static_cast<uint8_t>(source[i] & (0xff00U >> kept));
    }
    Cidr cidr;
    cidr.first_ = *IpAddr::from_bytes(std::span(bytes).first(source.size()));
    cidr.prefix_ = static_cast<uint8_t>(prefix);
    return cidr;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto address = IpAddr::parse(text.substr(0, slash));
    const auto digits = text.substr(slash + 1);
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (!address || digits.empty() || error != std::errc{} ||
        end != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return make(*address, prefix);
}

IpAddr Cidr::last() const {
    std::array<uint8_t, 16> bytes{};
    std::ranges::copy(first_.bytes(), bytes.begin());
    for (unsigned bit = prefix_; bit < first_.bits(); ++bit) {
        bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] | (0x80U >> (bit % 8)));
    }
    return *IpAddr::from_bytes(std::span(bytes).first(first_.bytes().size()));
}

bool Cidr::contains(const IpAddr& address) const {
    if (address.family() != family()) {
        return false;
    }
    return make(address, prefix_)->first() == first_;
}

std::string Cidr::to_string() const {
    return first_.to_string() + "/" + std::to_string(prefix_);
}

IpAddr unspecified(Family family) {
    constexpr std::array<uint8_t, 16> kZero{};
    return *IpAddr::from_bytes(std::span(kZero).first(family == Family::ipv4 ? 4U : 16U));
}

}  // namespace sy

std::size_t std::hash<sy::IpAddr>::operator()(const sy::IpAddr& ip) const noexcept {
    const auto bytes = ip.bytes();
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}
