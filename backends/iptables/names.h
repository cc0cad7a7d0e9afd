// Names of chains and sets of a service port. Names of Services never appear in the kernel: only
// hashes, so there is nothing to escape and nothing to inject.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/names.h"
#include "base/net.h"
#include "model/plan.h"

namespace sy::iptables {

/// Longest name of a chain the kernel takes.
inline constexpr std::size_t kLongestChainName = 28;

/// The first 80 bits of SHA-256 of "namespace/name:port/protocol" in base32.
struct PortId {
    std::array<char, 16> text{};

    std::string_view view() const { return {text.data(), text.size()}; }
    friend auto operator<=>(const PortId&, const PortId&) = default;
};

PortId port_id(const ServiceName& service, std::string_view port, Protocol protocol);

/// The chain that translates to a list: "SY-S-<id>", of Local lists "SY-SL-<id>".
std::string list_chain_name(ListId list, const PortId& port);
/// Whether a chain of ours is one of those.
bool is_list_chain(std::string_view name);

/// Of the set that remembers the clients of an endpoint. The timeout is part of it: a set cannot
/// be made anew while a rule asks it.
uint64_t affinity_key(const PortId& port, const EndpointAddr& endpoint, uint32_t timeout);

/// 16 characters of base32 that stand for `text`.
std::string short_hash(std::string_view text);
/// 64 bits that stand for `text`: equal means the same text.
uint64_t fingerprint(std::string_view text);

}  // namespace sy::iptables
