// What the trees branch over: the hexadecimal digits of a frontend.
#pragma once

#include <string>

#include "backends/iptables/object.h"

namespace sy::iptables {

/// Values of a digit.
inline constexpr unsigned kFanOut = 16;

/// Digits that every line of the key's tree and family has.
unsigned digit_count(const LineKey& key);
/// Digit `index` of `key`. In trees of addresses from the low end of the address; in trees of
/// ports first the protocol, then the port from its high end.
unsigned digit_of(const LineKey& key, unsigned index);
/// Matches all that share digit `index` with `key` (in trees of ports: and all digits before it),
/// as iptables-save prints it.
std::string digit_match(const LineKey& key, unsigned index);

}  // namespace sy::iptables
