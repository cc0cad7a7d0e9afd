#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_ipv4.h>

#include <algorithm>
#include <charconv>

#include "backends/nftables/ast.h"
#include "backends/nftables/word.h"

namespace sy::nft {
namespace {

using enum Load;
using Kind = Verdict::Kind;

// Bits of NF_CT_STATE_INVALID_BIT and IPS_DST_NAT as the ct expression gives them.
constexpr uint32_t kStateInvalid = 1;

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
SetPriority set_to(Key key, std::optional<SetId> map = {}) {
    return {Value{std::move(key), map}};
}

// How "from a pod of this node" is decided; nothing if the family has no detector.
std::optional<Statement> local_source(const TableConfig& config, bool negated) {
    if (const auto* cidrs = std::get_if<CidrDetector>(&config.detector)) {
        if (std::ranges::any_of(cidrs->cidrs,
                                [&](const Cidr& c) { return c.family() == config.family; })) {
            return InSet{{{saddr}}, SetId::pod_cidrs, negated};
        }
    }
    if (const auto* iface = std::get_if<InterfaceDetector>(&config.detector)) {
        if (validate(config)) {
            return InputInterface{iface->name, iface->is_prefix, negated};
        }
    }
    return std::nullopt;
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
                {{role(kRoleMasquerade), SetPriority{}, MasqueradeSource{}},
                 {role(kRoleLocal), IsNodeAddress{saddr}, SetPriority{}, MasqueradeSource{}},
                 {role(kRoleLocal), SetPriority{}, Verdict{Kind::accept, {}}}}};
    if (config.masquerade_all) {
        chain.rules.push_back({SetPriority{}, MasqueradeSource{}});
        return chain;
    }
    if (auto others = local_source(config, true)) {
        chain.rules.push_back({*others, SetPriority{}, MasqueradeSource{}});
    }
    chain.rules.push_back({SetPriority{}});
    return chain;
}

Chain translated_chain() {
    const Key ports{{l4proto}, {original_dport}};
    return {
        "translated",
        "the role again, from the original tuple: no packet mark, no conntrack mark",
        {},
        {{InSet{{{saddr}, {daddr}}, SetId::hairpin, false}, SetPriority{}, MasqueradeSource{}},
         {IsTransport{}, set_to({{original_daddr}, {l4proto}, {original_dport}}, SetId::frontends),
          go_to("source")},
         {InSet{{{original_daddr}}, SetId::nodeport_ips, false}, IsTransport{},
          set_to(ports, SetId::nodeports), go_to("source")}}};
}

Chain stray_chain() {
    // A late segment of a connection conntrack gave up would reach the client untranslated and
    // make it reset the connection.
    return {"stray",
            "segments conntrack does not know must not leave untranslated",
            Hook{"filter", "forward", NF_INET_FORWARD, NF_IP_PRI_FILTER, "filter"},
            {{HasBits{HasBits::Of::ct_state, kStateInvalid},
              InSet{{{saddr}}, SetId::service_endpoints, false}, Count{}, drop()}}};
}

void append_class_chains(const TableConfig& config, std::vector<Chain>& chains) {
    std::vector<std::string> names;
    const auto append = [&](Chain chain) {
        if (std::ranges::find(names, chain.name) == names.end()) {
            names.push_back(chain.name);
            chains.push_back(std::move(chain));
        }
    };
    for (const auto& def : config.classes) {
        if (def.timeout != 0) {
            append(known_chain(def.timeout));
        }
        append(class_chain(def));
    }
}

}  // namespace

Table describe(const TableConfig& config) {
    Table table;
    table.family = config.family;
    for (std::size_t i = 0; i < kSetCount; ++i) {
        table.sets.push_back({static_cast<SetId>(i), config.sizes[i]});
    }

    auto& chains = table.chains;
    chains.push_back({"no_endpoints", "", {}, {{RejectPacket{}}}});
    append_class_chains(config, chains);
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

Chain class_chain(const ClassDef& def) {
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

Chain known_chain(uint32_t timeout) {
    return {known_chain_name(timeout),
            "refresh, use the remembered endpoint if it still exists, else forget it",
            {},
            {{Remember{false, {kList, {saddr}}, kPriority, timeout}},
             {IsTransport{}, Translate{{{kPriority}, SetId::aff_endpoints}}},
             {Remember{true, {kList, {saddr}}, kPriority, 0}},
             {set_to({kList})}}};
}

std::string known_chain_name(uint32_t timeout) {
    return "known_" + std::to_string(timeout);
}

ClassElement class_element(const ClassDef& def) {
    return {def.number, go_to(def.chain())};
}

std::optional<ClassDef> class_of_chain(uint32_t number, std::string_view chain) {
    ClassDef def{number, 0, 0};
    const auto read = [&chain](uint32_t& value) {
        const auto end = chain.data() + chain.size();
        const auto [rest, error] = std::from_chars(chain.data(), end, value);
        chain.remove_prefix(static_cast<std::size_t>(rest - chain.data()));
        return error == std::errc{};
    };
    const auto whole = chain;
    if (chain.starts_with("pick_")) {
        chain.remove_prefix(5);
        if (!read(def.count)) {
            return std::nullopt;
        }
    } else if (chain.starts_with("sticky_")) {
        chain.remove_prefix(7);
        if (!read(def.count) || !chain.starts_with('_')) {
            return std::nullopt;
        }
        chain.remove_prefix(1);
        if (!read(def.timeout)) {
            return std::nullopt;
        }
    }
    // The round trip refuses leading zeros, rests and a timeout of zero.
    return def.count != 0 && def.chain() == whole ? std::optional(def) : std::nullopt;
}

}  // namespace sy::nft
