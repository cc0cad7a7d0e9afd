#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "backends/nftables/layout.h"
#include "backends/nftables/word.h"

namespace sy::nft {
namespace {

using enum Load;
using Kind = Verdict::Kind;

constexpr Term kPriority{priority};
constexpr Term kList{priority, ~kClassMask};

Verdict drop() {
    return {Kind::drop, {}};
}
Verdict go_to(std::string chain) {
    return {Kind::go_to, std::move(chain)};
}
Verdict jump(std::string chain) {
    return {Kind::jump, std::move(chain)};
}
HasBits role(uint32_t bits) {
    return {HasBits::Of::priority, bits};
}
SetMeta set_to(Key key, std::optional<SetId> map = {}) {
    return {Value{std::move(key), map}};
}

std::vector<Chain> frontend_chains(const TableConfig& config) {
    Chain etp_local{"etp_local", "L: pods and the node use the Cluster list", {}, {}};
    if (auto pods = local_source(config, false)) {
        etp_local.rules.push_back({*pods, go_to("etp_shortcut")});
    }
    etp_local.rules.push_back({IsNodeAddress{saddr}, go_to("etp_shortcut")});
    const Key id{{priority, kIdMask}};
    const VerdictMap by_class{{{priority, kClassMask}}, SetId::classes};
    return {
        {"check_ranges",
         "R: source ranges, before anything else of this frontend",
         {},
         {{InSet{{id[0], {saddr}}, SetId::ranges, false}, Verdict{Kind::leave, {}}}, {drop()}}},
        {"etp_shortcut", "", {}, {{set_to(id, SetId::shortcut)}}},
        std::move(etp_local),
        {"external",
         "frontends with role bits",
         {},
         {{role(kRoleRanges), jump("check_ranges")},
          {role(kRoleLocal), jump("etp_local")},
          {set_to({{priority, ~(kRoleRanges | kRoleMasquerade)}})},
          {by_class},
          {drop()}}},
        {"dispatch",
         "plain ClusterIP: class, then slot",
         {},
         {{role(kRoleLocal | kRoleRanges | kRoleMasquerade), go_to("external")},
          {by_class},
          {drop()}}},
    };
}

Chain services_chain() {
    const InSet nodeport{{{daddr}}, SetId::nodeport_ips, false};
    const IsNodeAddress foreign{daddr, true};
    return {"services",
            "only the first packet of a connection comes here (nat hooks)",
            {},
            {{set_to({{daddr}, {l4proto}, {dport}}, SetId::frontends), go_to("dispatch")},
             {nodeport, set_to({{l4proto}, {dport}}, SetId::nodeports), go_to("dispatch")},
             {InSet{{{daddr}}, SetId::cluster_ips, false}, foreign, go_to("no_endpoints")},
             {InSet{{{daddr}}, SetId::service_cidrs, false}, foreign, drop()}}};
}

Chain source_chain(const TableConfig& config) {
    Chain chain{"source",
                "who is masqueraded; meta priority was our scratch register, give it back as 0",
                {},
                {{role(kRoleMasquerade), SetMeta{}, MasqueradeSource{}},
                 {role(kRoleLocal), IsNodeAddress{saddr}, SetMeta{}, MasqueradeSource{}},
                 {role(kRoleLocal), SetMeta{}, Verdict{Kind::accept, {}}}}};
    if (config.masquerade_all) {
        chain.rules.push_back({SetMeta{}, MasqueradeSource{}});
        return chain;
    }
    if (auto others = local_source(config, true)) {
        chain.rules.push_back({*others, SetMeta{}, MasqueradeSource{}});
    }
    chain.rules.push_back({SetMeta{}});
    return chain;
}

Chain translated_chain() {
    const Key ports{{l4proto}, {original_dport}};
    return {
        "translated",
        "the role again, from the original tuple: no packet mark, no conntrack mark",
        {},
        {{InSet{{{saddr}, {daddr}}, SetId::hairpin, false}, SetMeta{}, MasqueradeSource{}},
         {IsTransport{}, set_to({{original_daddr}, {l4proto}, {original_dport}}, SetId::frontends),
          go_to("source")},
         {InSet{{{original_daddr}}, SetId::nodeport_ips, false}, IsTransport{},
          set_to(ports, SetId::nodeports), go_to("source")}}};
}

using enum SetId;
constexpr std::array kSets{pod_cidrs,     service_cidrs, nodeport_ips,      cluster_ips, frontends,
                           nodeports,     ranges,        endpoints,         affinity,    aff_slots,
                           aff_endpoints, hairpin,       service_endpoints, shortcut,    classes};

Table describe_words(const TableConfig& config) {
    Table table;
    table.family = config.family;
    for (const auto set : kSets) {
        table.sets.push_back({set, config.sizes[static_cast<std::size_t>(set)]});
    }

    auto& chains = table.chains;
    chains.push_back({"no_endpoints", "", {}, {{RejectPacket{}}}});
    std::ranges::move(class_chains(config), std::back_inserter(chains));
    std::ranges::move(frontend_chains(config), std::back_inserter(chains));
    chains.push_back(services_chain());
    const Rule to_services{go_to("services")};
    chains.push_back({"prerouting",
                      "",
                      Hook{"nat", "prerouting", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST, "dstnat"},
                      {to_services}});
    chains.push_back({"output",
                      "",
                      Hook{"nat", "output", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST, "-100"},
                      {to_services}});
    chains.push_back(source_chain(config));
    chains.push_back(translated_chain());
    chains.push_back({"postrouting",
                      "",
                      Hook{"nat", "postrouting", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC, "srcnat"},
                      {{HasBits{HasBits::Of::ct_status, IPS_DST_NAT}, go_to("translated")}}});
    chains.push_back(stray_chain());

    table.classes.push_back({kClassReject, go_to("no_endpoints")});
    for (const auto& def : config.classes) {
        table.classes.push_back(class_element(def));
    }
    table.classes.push_back({kClassDrop, drop()});
    return table;
}

Chain words_class_chain(const ClassDef& def) {
    const Term slot{random, def.count};
    if (def.timeout == 0) {
        return {def.chain(),
                "a miss (torn read in mid-commit) drops, the client retries",
                {},
                {{IsTransport{}, Translate{{{kList, slot}, SetId::endpoints}}}, {drop()}}};
    }
    return {def.chain(),
            "",
            {},
            {{set_to({kList})},
             {set_to({kPriority, {saddr}}, SetId::affinity), jump(known_chain_name(def.timeout))},
             {set_to({kPriority, slot}, SetId::aff_slots)},
             {Remember{false, {kList, {saddr}}, kPriority, def.timeout}},
             {IsTransport{}, Translate{{{kPriority}, SetId::aff_endpoints}}},
             {drop()}}};
}

Chain words_known_chain(uint32_t timeout) {
    return {known_chain_name(timeout),
            "refresh, use the remembered endpoint if it still exists, else forget it",
            {},
            {{Remember{false, {kList, {saddr}}, kPriority, timeout}},
             {IsTransport{}, Translate{{{kPriority}, SetId::aff_endpoints}}},
             {Remember{true, {kList, {saddr}}, kPriority, 0}},
             {set_to({kList})}}};
}

std::vector<Need> words_needs(Family family) {
    const Term slot{random, 2};
    const bool v4 = family == Family::ipv4;
    return {
        {pod_cidrs, "interval sets"},
        {cluster_ips, "hash sets"},
        {ranges, "interval sets of concatenations (Linux 5.6)"},
        {frontends, "maps of concatenations"},
        {endpoints, "maps to address and port"},
        {affinity, "maps with timeouts that rules update"},
        {classes, "verdict maps"},
        {Hook{"nat", "postrouting", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC, ""},
         "nat chains (CONFIG_NF_NAT)"},
        {Hook{"filter", "forward", NF_INET_FORWARD, NF_IP_PRI_FILTER, ""}, "filter chains"},
        {HasBits{HasBits::Of::priority, 1}, "meta priority"},
        {SetMeta{}, "meta priority set"},
        {IsTransport{}, "anonymous sets"},
        {InSet{{{saddr}}, pod_cidrs, true}, "lookups in sets"},
        {InSet{{{priority}, {saddr}}, ranges, false}, "lookups in ranges"},
        {SetMeta{Value{{{daddr}, {l4proto}, {dport}}, frontends}}, "lookups in maps"},
        {HasBits{HasBits::Of::ct_state, 1}, "ct state (CONFIG_NFT_CT)"},
        {HasBits{HasBits::Of::ct_status, IPS_DST_NAT}, "ct status"},
        {SetMeta{Value{{{original_daddr}, {l4proto}, {original_dport}}, frontends}},
         "ct original addresses and ports"},
        {IsNodeAddress{saddr, false}, "fib (CONFIG_NFT_FIB)"},
        {PacketInterface{"lo", false, true}, "iifname"},
        {Translate{{{{priority}, slot}, endpoints}},
         "dnat by numgen and map (CONFIG_NFT_NAT, CONFIG_NFT_NUMGEN)"},
        {MasqueradeSource{}, "masquerade (CONFIG_NFT_MASQ)"},
        {RejectPacket{},
         v4 ? "reject (CONFIG_NFT_REJECT_IPV4)" : "reject (CONFIG_NFT_REJECT_IPV6)"},
        {Remember{false, {{priority}, {saddr}}, {priority}, 1}, "update of maps from rules"},
        {Remember{true, {{priority}, {saddr}}, {priority}, 0}, "delete in maps from rules"},
        {Count{}, "counters"},
        {VerdictMap{{{priority}}, classes}, "vmap"},
    };
}

}  // namespace

const Layout& words_layout() {
    static constexpr Layout kWords{.table = "switchyard",
                                   .sets = kSets,
                                   .describe = describe_words,
                                   .class_chain = words_class_chain,
                                   .known_chain = words_known_chain,
                                   .needs = words_needs};
    return kWords;
}

}  // namespace sy::nft
