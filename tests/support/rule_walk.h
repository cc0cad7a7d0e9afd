// Where a packet gets to in a set of chains: a small interpreter of the words in our rules.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/net.h"

namespace sy::iptables {

struct WalkedPacket {
    IpAddr destination;
    Protocol protocol = Protocol::tcp;
    Port port;
};

struct Walk {
    /// Arguments of --to-destination, and names of chains that `rules` does not know; of rules with
    /// a probability as well as of what follows them.
    std::set<std::string> ends;
    /// Chains entered, and rules looked at.
    std::size_t chains = 0;
    std::size_t rules = 0;
};

/// The rules of a chain; null: it is an end.
using RulesOf = std::function<const std::vector<std::string>*(const std::string& chain)>;

/// Follows `packet` from the chain `start`.
Walk walk(const RulesOf& rules_of, const std::string& start, const WalkedPacket& packet);

}  // namespace sy::iptables
