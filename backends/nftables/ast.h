// A table as values: what the text printer prints is what the netlink encoder writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "backends/nftables/schema.h"
#include "backends/nftables/table.h"

namespace sy::nft {

/// What `key` loads, or what `map` holds for it; a miss in the map ends the rule.
struct Value {
    Key key;
    std::optional<SetId> map;
};

/// `meta priority & bits != none`, the same of meta mark, `ct status dnat`, `ct state invalid`.
inline constexpr uint32_t kCtStateInvalid = 1;  // NF_CT_STATE_INVALID_BIT
inline constexpr uint32_t kCtStateNew = 8;      // NF_CT_STATE_BIT(IP_CT_NEW)
struct HasBits {
    enum class Of : uint8_t { priority, mark, ct_status, ct_state };
    Of of = Of::priority;
    uint32_t bits = 0;
    /// Of meta mark only: the bits are exactly these; nothing: any of them.
    std::optional<uint32_t> equal{};
};
/// `ct direction original`
struct OriginalDirection {};
/// `tcp flags ! syn,rst`, which other protocols never are.
struct NeitherSynNorRst {};
/// `fib saddr type local` and its negation; `load` is saddr or daddr.
struct IsNodeAddress {
    Load load = Load::saddr;
    bool negated = false;
};
/// iifname, or oifname
struct PacketInterface {
    std::string name;
    bool is_prefix = false;
    bool negated = false;
    bool output = false;
};
/// `meta l4proto { tcp, udp, sctp }`: nft does not parse port fields without it.
struct IsTransport {};
struct InSet {
    Key key;
    SetId set = SetId::pod_cidrs;
    bool negated = false;
};
/// `meta priority set …` or `meta mark set …`; without a value, to zero.
struct SetMeta {
    std::optional<Value> value{};
    Load target = Load::priority;
};
struct VerdictMap {
    Key key;
    SetId map = SetId::classes;
};
/// dnat to the address and port that the map holds.
struct Translate {
    Value value;
};
/// masquerade fully-random
struct MasqueradeSource {};
/// Port unreachable, or (TCP only) a reset.
struct RejectPacket {
    bool reset = false;
};
/// `update` (refreshing the timeout, in seconds) or `delete` of an element of `map`.
struct Remember {
    bool forget = false;
    Key key;
    Term data;
    uint32_t timeout = 0;
    SetId map = SetId::affinity;
};
struct Count {};
struct Verdict {
    enum class Kind : uint8_t { accept, drop, leave, jump, go_to };  // leave: `return`
    Kind kind = Kind::drop;
    std::string chain;

    friend bool operator==(const Verdict&, const Verdict&) = default;
};

using Statement = std::variant<HasBits, OriginalDirection, NeitherSynNorRst, IsNodeAddress,
                               PacketInterface, IsTransport, InSet, SetMeta, VerdictMap, Translate,
                               MasqueradeSource, RejectPacket, Remember, Count, Verdict>;
using Rule = std::vector<Statement>;

/// Where a base chain is hooked in. The policy is accept.
struct Hook {
    /// "nat", "filter"
    std::string_view type;
    /// "prerouting", … and its number (NF_INET_PRE_ROUTING, …).
    std::string_view name;
    uint32_t number = 0;
    int32_t priority = 0;
    /// nft's spelling of `priority` in a listing.
    std::string_view priority_text;
};

struct Chain {
    std::string name;
    std::string comment;
    std::optional<Hook> hook;
    std::vector<Rule> rules;
};

struct SetDecl {
    SetId id = SetId::pod_cidrs;
    /// 0: none declared.
    uint32_t size = 0;
};

/// An element of `classes`.
struct ClassElement {
    uint32_t number = 0;
    Verdict verdict;

    friend bool operator==(const ClassElement&, const ClassElement&) = default;
};

struct Table {
    Family family = Family::ipv4;
    std::vector<SetDecl> sets;
    std::vector<Chain> chains;
    /// Sorted by number.
    std::vector<ClassElement> classes;
};

Table describe(const TableConfig& config);

/// How "from a pod of this node" is decided; nothing if the family has no detector.
std::optional<Statement> local_source(const TableConfig& config, bool negated);
/// Drops segments of endpoints that connection tracking does not know: they would leave
/// untranslated.
Chain stray_chain();
/// The chains of all classes, each once.
std::vector<Chain> class_chains(const TableConfig& config);
/// "known_10800"
std::string known_chain_name(uint32_t timeout);
/// What `classes` holds for the class.
ClassElement class_element(const ClassDef& def);
/// Inverse of ClassDef::chain(); nothing if `chain` is no class's chain.
std::optional<ClassDef> class_of_chain(uint32_t number, std::string_view chain);

/// One line in nft's words.
std::string rule_text(const Rule& rule, Family family);
/// "goto pick_3"
std::string verdict_text(const Verdict& verdict);
/// "type nat hook prerouting priority dstnat; policy accept;"
std::string hook_text(const Hook& hook);
/// The lines of a set's declaration without name and braces.
std::vector<std::string> declaration_lines(const SetDecl& set, Family family);

}  // namespace sy::nft
