// What the kernel answers to dump requests: bytes in, values out. No socket here; total for any
// input. Attributes that are unknown or malformed are skipped.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backends/nftables/ast.h"
#include "backends/nftables/kernel/attribute.h"
#include "backends/nftables/kernel/set_types.h"

namespace sy::nft {

/// A message of a datagram.
struct NetlinkMessage {
    uint16_t type = 0;
    uint16_t flags = 0;
    uint32_t sequence = 0;
    uint32_t port_id = 0;
    /// After the netlink header.
    Bytes payload;
    /// After the nfnetlink header; its family.
    uint8_t family = 0;
    Bytes attributes;
};

/// Calls `f` for each well-formed message of `datagram` until it returns false.
void for_each_message(Bytes datagram, const std::function<bool(const NetlinkMessage&)>& f);

/// NLMSG_ERROR (an acknowledgement has code 0) or the status in NLMSG_DONE.
struct NetlinkStatus {
    int code = 0;  // positive errno
    /// The attribute the kernel complains of, from the start of the refused message; 0: unknown.
    uint32_t offset = 0;
    std::string text;
};
std::optional<NetlinkStatus> parse_status(const NetlinkMessage& message);

struct TableMessage {
    std::string name;
    uint32_t flags = 0;
    /// Of our user data; 0 if there is none.
    uint64_t fingerprint = 0;
};
TableMessage parse_table(Bytes attributes);

struct SetMessage {
    std::string table;
    std::string name;
    SetType type;
    uint32_t size = 0;
};
SetMessage parse_set(Bytes attributes);

struct ChainMessage {
    std::string table;
    std::string name;
    bool is_base = false;
    std::string type;
    uint32_t hook = 0;
    int32_t priority = 0;
    uint32_t policy = 0;
};
ChainMessage parse_chain(Bytes attributes);

struct RuleMessage {
    std::string table;
    std::string chain;
    uint64_t fingerprint = 0;
};
RuleMessage parse_rule(Bytes attributes);

/// One element as the kernel tells it. Views into the datagram.
struct RawElement {
    Bytes key;
    Bytes key_end;
    Bytes data;
    uint32_t flags = 0;
    /// In verdict maps.
    bool has_verdict = false;
    uint32_t verdict = 0;
    std::string_view chain;
};
/// Calls `f` for each element of a NEWSETELEM message.
void for_each_element(Bytes attributes, const std::function<void(const RawElement&)>& f);

/// Collects the elements of one set (any but `classes`) from its messages into `out`. Elements
/// whose sizes are not the set's are left out and counted.
class ElementCollector {
  public:
    ElementCollector(Family family, SetId set, std::vector<Element>& out);

    void add(const RawElement& raw);
    /// Appends the intervals of a set that the kernel tells by separate first and last elements.
    void finish();
    std::size_t malformed() const { return malformed_; }

  private:
    // One end of an interval: the first address in it or the first one after it.
    struct Bound {
        std::array<uint8_t, 16> address{};
        bool is_start = false;

        friend auto operator<=>(const Bound&, const Bound&) = default;
    };
    void add_bound(const RawElement& raw);
    void add_range(const RawElement& raw);

    Family family_;
    const SetSchema& schema_;
    std::size_t key_size_;
    std::size_t data_size_;
    std::size_t malformed_ = 0;
    std::vector<Element>& out_;
    std::vector<Bound> bounds_;
};

/// An element of `classes`; nothing if it is none that this program writes.
std::optional<ClassElement> parse_class(const RawElement& raw);

}  // namespace sy::nft
