// Rules of Services exactly as iptables-save prints them, of either variant: what is found can be
// compared with what is wanted as text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/iptables/kernel.h"
#include "backends/iptables/object.h"

namespace sy::iptables {

/// "tcp", "udp", "sctp".
std::string_view protocol_word(Protocol protocol);

/// Matches one in `count` packets; nothing for one. The probability is printed as the kernel keeps
/// it, in units of 2^-31.
std::string one_in(std::size_t count);

std::vector<std::string> rules_of(const ListChain& chain);
std::vector<std::string> rules_of(const TreeLine& line);
/// How many those are.
std::size_t rule_count(const Target& target);

/// The chain of a list with its rules.
Chain chain_of(const ListChain& chain);

/// Which frontend a rule of a tree is for; nothing if it leads on to another part of the tree.
std::optional<LineKey> line_key_of(Family family, TreeId tree, std::string_view rule);

/// Stands for name and rules.
uint64_t fingerprint(const Chain& chain);

}  // namespace sy::iptables
