// Requests to the kernel's ipset and its answers, as bytes: no socket here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/iptables/kernel.h"
#include "backends/iptables/kernel/netlink_message.h"
#include "backends/iptables/set.h"

namespace sy::iptables {

/// A type of set as the kernel knows it.
struct SetTypeSpec {
    SetType type = SetType::ip;
    /// "hash:ip"
    const char* name = "";
    /// The newest revision that means to us, and to ipset 7.17, what it says.
    uint8_t revision = 0;
    /// The module it is in.
    const char* module = "";
};
const SetTypeSpec& spec_of(SetType type);
/// All of them.
std::span<const SetTypeSpec> set_types();

/// What every request begins with.
struct RequestHead {
    /// Version of the ipset protocol.
    uint8_t protocol = 0;
    uint32_t sequence = 0;
};

/// A set under any name.
struct SetShape {
    std::string name;
    SetType type = SetType::ip;
    Family family = Family::ipv4;
    /// Seconds; 0: members stay.
    uint32_t timeout = 0;
};
/// `def` under its own name.
SetShape shape_of(const SetDef& def);

/// The oldest and newest protocol this code speaks.
inline constexpr uint8_t kOldestProtocol = 6;
inline constexpr uint8_t kNewestProtocol = 7;

std::vector<uint8_t> protocol_request(uint32_t sequence);
std::vector<uint8_t> type_request(RequestHead head, SetType type, Family family);
/// Sets with a timeout make room for new members by forgetting others; sets without it have room
/// for a million.
std::vector<uint8_t> create_request(RequestHead head, const SetShape& shape, uint8_t revision);
std::vector<uint8_t> destroy_request(RequestHead head, const std::string& name);
/// Name, type and settings of all sets.
std::vector<uint8_t> headers_request(RequestHead head);
/// One set with its members.
std::vector<uint8_t> members_request(RequestHead head, const std::string& name);

/// A request for the first members of a list: as many as one message takes.
struct MembersChange {
    std::vector<uint8_t> bytes;
    std::size_t taken = 0;
};
/// Adds (or removes) the first of `members`, which all belong to `set`. Those that are there (or
/// are not) already are no failure. An answer's line is the index of a member plus one.
MembersChange change_request(RequestHead head, const std::string& set, bool remove,
                             std::span<const Member* const> members);

/// Which member an answer to a change refuses, counted from 1; 0: it is not about one.
uint32_t refused_line(const Message& answer);

struct ProtocolRange {
    uint8_t newest = 0;
    uint8_t oldest = 0;
};
ProtocolRange parse_protocol_range(Bytes attributes);
/// Of an answer to type_request.
struct RevisionRange {
    uint8_t newest = 0;
    uint8_t oldest = 0;
};
RevisionRange parse_revisions(Bytes attributes);

/// What one message of a list says of a set.
struct ListedSet {
    std::string name;
    /// Empty in messages that continue a set.
    std::string type;
    /// Nothing: neither IPv4 nor IPv6.
    std::optional<Family> family;
    uint32_t timeout = 0;
    /// Without those that are none this program could have written.
    std::vector<Member> members;
};
/// Members are those of `of`; without it they are not read.
ListedSet parse_listed(Bytes attributes, const std::optional<SetRef>& of);

/// What a code of ipset's own means in words; empty: an errno.
std::string_view code_text(int code);

}  // namespace sy::iptables
