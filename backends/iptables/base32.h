// Hashes as they stand in names of chains and sets: letters and digits that need no quoting.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sy::iptables {

/// RFC 4648 in lower case, without padding characters.
std::string base32(std::span<const uint8_t> bytes);

/// `number` as 8 bytes in network order: 13 characters.
std::string base32(uint64_t number);
/// Inverse of that.
std::optional<uint64_t> parse_base32(std::string_view text);

}  // namespace sy::iptables
