#include "backends/ipvs/layout.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "backends/ipvs/word.h"

namespace sy::ipvs {
namespace {

using nft::Chain;
using nft::ClassDef;
using nft::HasBits;
using nft::Hook;
using nft::InSet;
using nft::IsNodeAddress;
using nft::IsTransport;
using nft::Key;
using nft::MasqueradeSource;
using nft::Need;
using nft::NeitherSynNorRst;
using nft::OriginalDirection;
using nft::PacketInterface;
using nft::RejectPacket;
using nft::Remember;
using nft::Rule;
using nft::SetId;
using nft::SetMeta;
using nft::Table;
using nft::TableConfig;
using nft::Term;
using nft::Value;
using nft::Verdict;
using nft::VerdictMap;
using enum nft::Load;
using enum nft::SetId;
using Kind = Verdict::Kind;

// IPVS is at input 98 and 99 and at output -99 and -98, nat at output -100.
constexpr int32_t kBeforeInput = 97;
constexpr int32_t kBehindInput = 101;
// Behind nat: while another mode or kube-proxy is there as well, what it has translated is no
// longer addressed to a Service, and IPVS does not translate it once more.
constexpr int32_t kBeforeOutput = -99;
constexpr int32_t kBehindOutput = -97;
// Before connection tracking (-200) knows a packet that a process of this node sends.
constexpr int32_t kForwarded = -300;

constexpr std::array kSets{pod_cidrs, service_cidrs,     nodeport_ips,   cluster_ips,
                           vips,      mark_frontends,    mark_nodeports, mark_ranges,
                           sticky,    mark_affinity,     mark_slots,     mark_servers,
                           hairpin,   service_endpoints, classes};

constexpr Term kMark{mark, 0xffff'ffff};
constexpr Term kEndpoint{priority, 0xffff'ffff};

Verdict drop() {
    return {Kind::drop, {}};
}
Verdict go_to(std::string chain) {
    return {Kind::go_to, std::move(chain)};
}
HasBits role(uint32_t bits) {
    return {HasBits::Of::mark, bits};
}
SetMeta set_mark(Key key, std::optional<SetId> map = {}) {
    return {Value{std::move(key), map}, mark};
}
SetMeta set_endpoint(Key key, SetId map) {
    return {Value{std::move(key), map}, priority};
}
SetMeta no_mark() {
    return {std::nullopt, mark};
}

Chain base(std::string name, std::string comment, std::string_view type, std::string_view hook,
           uint32_t number, int32_t at, std::string_view at_text, std::vector<Rule> rules) {
    return {std::move(name), std::move(comment), Hook{type, hook, number, at, at_text},
            std::move(rules)};
}

std::vector<Chain> dispatch_chains(const TableConfig& config) {
    Chain etp_local{"etp_local", "L: pods and the node use the Cluster list", {}, {}};
    if (auto pods = nft::local_source(config, false)) {
        etp_local.rules.push_back({*pods, go_to("cluster_list")});
    }
    etp_local.rules.push_back({IsNodeAddress{saddr}, go_to("cluster_list")});
    return {
        {"check_ranges",
         "R: source ranges, before anything else of this frontend",
         {},
         {{InSet{{{mark, kIdMask}, {saddr}}, mark_ranges, false}, Verdict{Kind::leave, {}}},
          {drop()}}},
        {"cluster_list", "", {}, {{set_mark({{mark, ~(kRoleLocal | kDrop)}})}}},
        std::move(etp_local),
        {"affinity",
         "the priority is a scratch register",
         {},
         {{VerdictMap{{kEndpoint}, classes}}, {drop()}}},
        {"dispatch",
         "from the word to the mark of a virtual server",
         {},
         {{role(kRoleRanges), Verdict{Kind::jump, "check_ranges"}},
          {role(kRoleLocal), Verdict{Kind::jump, "etp_local"}},
          {role(kDrop), drop()},
          {role(kReject), go_to("no_endpoints")},
          {set_mark({{mark, kMarkMask}})},
          {set_endpoint({kMark}, sticky), go_to("affinity")}}},
    };
}

Chain services_chain() {
    return {"services",
            "only the first packets of a connection come here",
            {},
            {{IsTransport{}, set_mark({{daddr}, {l4proto}, {dport}}, mark_frontends),
              go_to("dispatch")},
             {InSet{{{daddr}}, nodeport_ips, false}, IsTransport{},
              set_mark({{l4proto}, {dport}}, mark_nodeports), go_to("dispatch")}}};
}

std::vector<Chain> refusal_chains() {
    const InSet cluster_ip{{{daddr}}, cluster_ips, false};
    const InSet vip{{{daddr}}, vips, false};
    const InSet unused{{{daddr}}, service_cidrs, false};
    return {
        {"refuse",
         "segments of connections that IPVS has given up, then everything else",
         {},
         {{NeitherSynNorRst{}, RejectPacket{true}}, {RejectPacket{}}}},
        {"unused",
         "as if the address were not here; connections that are over are told so",
         {},
         {{NeitherSynNorRst{}, RejectPacket{true}}, {drop()}}},
        {"not_taken",
         "addressed to a Service, and IPVS left it alone",
         {},
         {{OriginalDirection{}, cluster_ip, go_to("refuse")},
          {OriginalDirection{}, vip, go_to("unused")},
          {OriginalDirection{}, unused, drop()}}},
    };
}

std::vector<Chain> filter_chains() {
    const HasBits is_new{HasBits::Of::ct_state, nft::kCtStateNew};
    const HasBits ours{HasBits::Of::mark, kTagMask, kTag};
    return {
        base("input", "directly before IPVS", "filter", "input", NF_INET_LOCAL_IN, kBeforeInput,
             "97", {{is_new, go_to("services")}}),
        base("output", "", "filter", "output", NF_INET_LOCAL_OUT, kBeforeOutput, "-99",
             {{is_new, go_to("services")}}),
        base("forwarded",
             "what IPVS forwards passes output once more, and alone is tracked this early: its "
             "mark is given back",
             "filter", "output", NF_INET_LOCAL_OUT, kForwarded, "raw",
             {{ours, OriginalDirection{}, no_mark()}}),
        base("input_rest", "behind IPVS", "filter", "input", NF_INET_LOCAL_IN, kBehindInput, "101",
             {{go_to("not_taken")}}),
        base("output_rest", "", "filter", "output", NF_INET_LOCAL_OUT, kBehindOutput, "-97",
             {{PacketInterface{.name = "lo", .output = true}, go_to("not_taken")}}),
    };
}

Chain source_chain(const TableConfig& config) {
    Chain chain{"source",
                "who is masqueraded; the mark was our scratch register here",
                {},
                {{role(kRoleMasquerade), no_mark(), MasqueradeSource{}},
                 {role(kRoleLocal), IsNodeAddress{saddr}, no_mark(), MasqueradeSource{}},
                 {role(kRoleLocal), no_mark(), Verdict{Kind::accept, {}}}}};
    if (config.masquerade_all) {
        chain.rules.push_back({no_mark(), MasqueradeSource{}});
        return chain;
    }
    if (auto others = nft::local_source(config, true)) {
        chain.rules.push_back({*others, no_mark(), MasqueradeSource{}});
    }
    chain.rules.push_back({no_mark()});
    return chain;
}

Chain postrouting_chain() {
    return base(
        "postrouting", "the role again, from the original tuple that connection tracking keeps",
        "nat", "postrouting", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC, "srcnat",
        {{InSet{{{saddr}, {daddr}}, hairpin, false}, MasqueradeSource{}},
         {IsTransport{}, set_mark({{original_daddr}, {l4proto}, {original_dport}}, mark_frontends),
          go_to("source")},
         {InSet{{{original_daddr}}, nodeport_ips, false}, IsTransport{},
          set_mark({{l4proto}, {original_dport}}, mark_nodeports), go_to("source")}});
}

Table describe_marks(const TableConfig& config) {
    Table table;
    table.family = config.family;
    for (const auto set : kSets) {
        table.sets.push_back({set, config.sizes[static_cast<std::size_t>(set)]});
    }
    auto& chains = table.chains;
    const auto append = [&chains](std::vector<Chain> more) {
        std::ranges::move(more, std::back_inserter(chains));
    };
    chains.push_back({"no_endpoints", "", {}, {{RejectPacket{}}}});
    chains.push_back({"take_server",
                      "the priority was a scratch register, give it back as 0",
                      {},
                      {{SetMeta{}, Verdict{Kind::accept, {}}}}});
    append(nft::class_chains(config));
    append(dispatch_chains(config));
    chains.push_back(services_chain());
    append(refusal_chains());
    append(filter_chains());
    chains.push_back(source_chain(config));
    chains.push_back(postrouting_chain());
    chains.push_back(nft::stray_chain());
    for (const auto& def : config.classes) {
        table.classes.push_back(nft::class_element(def));
    }
    return table;
}

Key client() {
    return {kMark, {saddr}};
}

Remember remember(uint32_t timeout) {
    return {false, client(), kEndpoint, timeout, mark_affinity};
}

Chain marks_class_chain(const ClassDef& def) {
    return {def.chain(),
            "",
            {},
            {{set_endpoint(client(), mark_affinity),
              Verdict{Kind::jump, nft::known_chain_name(def.timeout)}},
             {set_endpoint({kMark, {random, def.count}}, mark_slots)},
             {remember(def.timeout)},
             {set_mark({kEndpoint}, mark_servers), go_to("take_server")},
             {drop()}}};
}

Chain marks_known_chain(uint32_t timeout) {
    return {nft::known_chain_name(timeout),
            "refresh, use the remembered endpoint if it still exists, else forget it",
            {},
            {{remember(timeout)},
             {set_mark({kEndpoint}, mark_servers), go_to("take_server")},
             {Remember{true, client(), kEndpoint, 0, mark_affinity}}}};
}

std::vector<Need> marks_needs(Family family) {
    const bool v4 = family == Family::ipv4;
    return {
        {pod_cidrs, "interval sets"},
        {cluster_ips, "hash sets"},
        {mark_ranges, "interval sets of concatenations (Linux 5.6)"},
        {mark_frontends, "maps of concatenations"},
        {mark_affinity, "maps with timeouts that rules update"},
        {mark_slots, "maps keyed by slots"},
        {classes, "verdict maps"},
        {Hook{"nat", "postrouting", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC, ""},
         "nat chains (CONFIG_NF_NAT)"},
        {Hook{"filter", "input", NF_INET_LOCAL_IN, kBeforeInput, ""}, "filter chains"},
        {role(1), "meta mark"},
        {no_mark(), "meta mark set"},
        {SetMeta{}, "meta priority set"},
        {IsTransport{}, "anonymous sets"},
        {InSet{{{saddr}}, pod_cidrs, true}, "lookups in sets"},
        {InSet{{kMark, {saddr}}, mark_ranges, false}, "lookups in ranges"},
        {set_mark({{daddr}, {l4proto}, {dport}}, mark_frontends), "lookups in maps"},
        {HasBits{HasBits::Of::ct_state, nft::kCtStateNew}, "ct state (CONFIG_NFT_CT)"},
        {OriginalDirection{}, "ct direction"},
        {set_mark({{original_daddr}, {l4proto}, {original_dport}}, mark_frontends),
         "ct original addresses and ports"},
        {NeitherSynNorRst{}, "tcp flags"},
        {nft::Count{}, "counters"},
        {IsNodeAddress{saddr, false}, "fib (CONFIG_NFT_FIB)"},
        {PacketInterface{.name = "lo", .output = true}, "oifname"},
        {set_endpoint({kMark, {random, 2}}, mark_slots), "numgen (CONFIG_NFT_NUMGEN)"},
        {MasqueradeSource{}, "masquerade (CONFIG_NFT_MASQ)"},
        {RejectPacket{},
         v4 ? "reject (CONFIG_NFT_REJECT_IPV4)" : "reject (CONFIG_NFT_REJECT_IPV6)"},
        {remember(1), "update of maps from rules"},
        {Remember{true, client(), kEndpoint, 0, mark_affinity}, "delete in maps from rules"},
        {VerdictMap{{kEndpoint}, classes}, "vmap"},
    };
}

}  // namespace

const nft::Layout& marks_layout() {
    static constexpr nft::Layout kMarks{.table = "switchyard-ipvs",
                                        .sets = kSets,
                                        .describe = describe_marks,
                                        .class_chain = marks_class_chain,
                                        .known_chain = marks_known_chain,
                                        .needs = marks_needs};
    return kMarks;
}

}  // namespace sy::ipvs
