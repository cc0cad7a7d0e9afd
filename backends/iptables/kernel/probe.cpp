#include "backends/iptables/kernel/probe.h"

#include <cerrno>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sy::iptables {
namespace {

constexpr const char* kChain = "switchyard-probe";
constexpr const char* kSet = "switchyard-probe";

struct Feature {
    Table table;
    /// What it is called, and the module it is in.
    const char* name;
    const char* module;
    const char* rule;
};

constexpr std::array<Feature, 9> kShared{
    {{Table::nat, "match set", "xt_set",
      "-m set --match-set switchyard-probe dst -g switchyard-probe-to"},
     {Table::nat, "target SET", "xt_set", "-j SET --add-set switchyard-probe src --exist"},
     {Table::nat, "target MARK", "xt_mark", "-j MARK --set-xmark 0x4000/0x4000"},
     {Table::nat, "match mark", "xt_mark", "-m mark --mark 0x4000/0x4000 -j RETURN"},
     {Table::nat, "match statistic", "xt_statistic",
      "-m statistic --mode random --probability 0.50000000000 -j RETURN"},
     {Table::nat, "match conntrack", "xt_conntrack", "-m conntrack --ctstate DNAT -j RETURN"},
     {Table::nat, "target MASQUERADE", "xt_MASQUERADE", "-j MASQUERADE --random-fully"},
     {Table::filter, "match addrtype", "xt_addrtype", "-m addrtype --dst-type LOCAL -j RETURN"},
     {Table::filter, "match conntrack", "xt_conntrack", "-m conntrack --ctstate INVALID -j DROP"}}};
constexpr std::array<Feature, 2> kIpv4{
    {{Table::nat, "target DNAT", "xt_nat", "-p tcp -j DNAT --to-destination 192.0.2.1:8080"},
     {Table::filter, "target REJECT", "ipt_REJECT",
      "-j REJECT --reject-with icmp-port-unreachable"}}};
constexpr std::array<Feature, 2> kIpv6{
    {{Table::nat, "target DNAT", "xt_nat", "-p tcp -j DNAT --to-destination [2001:db8::1]:8080"},
     {Table::filter, "target REJECT", "ip6t_REJECT",
      "-j REJECT --reject-with icmp6-port-unreachable"}}};

/// In a block of its own, so that the kernel has seen the chain before it goes.
RestoreText trial(Table table, const std::vector<const char*>& rules) {
    const std::string name = kChain;
    const std::string header = "*" + std::string(to_string(table)) + "\n";
    const std::string chains = ":" + name + "-to - [0:0]\n:" + name + " - [0:0]\n";
    std::string text = header + chains;
    for (const char* rule : rules) {
        text += "-A " + name + " " + rule + "\n";
    }
    text += "COMMIT\n" + header + ":" + name + " - [0:0]\n-X " + name + "\n-X " + name +
            "-to\nCOMMIT\n";
    return {std::move(text), 2};
}

std::expected<void, CommitError> try_rules(Rules& rules, Family family, Table table,
                                           const std::vector<Feature>& features) {
    std::vector<const char*> texts;
    for (const Feature& feature : features) {
        if (feature.table == table) {
            texts.push_back(feature.rule);
        }
    }
    return rules.run(family, trial(table, texts));
}

Result<void> probe_rules(Rules& rules, Family family) {
    std::vector<Feature> all(kShared.begin(), kShared.end());
    const auto& own = family == Family::ipv4 ? kIpv4 : kIpv6;
    all.insert(all.end(), own.begin(), own.end());
    for (const Table table : {Table::nat, Table::filter}) {
        auto whole = try_rules(rules, family, table, all);
        if (whole) {
            continue;
        }
        for (const Feature& feature : all) {
            if (feature.table != table) {
                continue;
            }
            if (const auto done = try_rules(rules, family, table, {feature}); !done) {
                return fail(std::string("the kernel, or the package iptables, has no ") +
                            feature.name + " for " + std::string(sy::to_string(family)) +
                            ": load the module " + feature.module + " (" +
                            done.error().error.message() + ")");
            }
        }
        return std::unexpected(std::move(whole.error().error));
    }
    return {};
}

Result<void> remake(Sets& sets, const SetShape& shape) {
    auto made = sets.create(shape);
    if (!made && made.error().code == EEXIST) {  // of a trial that was killed
        if (const auto gone = sets.destroy(shape.name); !gone) {
            return gone;
        }
        made = sets.create(shape);
    }
    return made;
}

Result<void> probe_family_features(Sets& sets, Rules& rules, Family family) {
    for (const SetTypeSpec& spec : set_types()) {
        if (const auto made = remake(sets, {kSet, spec.type, family, 0}); !made) {
            return made;
        }
        if (const auto gone = sets.destroy(kSet); !gone) {
            return gone;
        }
    }
    // A target adds to sets with a timeout.
    if (const auto made = remake(sets, {kSet, SetType::ip, family, 1}); !made) {
        return made;
    }
    const auto done = probe_rules(rules, family);
    const auto gone = sets.destroy(kSet);
    return done ? gone : done;
}

}  // namespace

Result<bool> probe_bpf(Rules& rules) {
    auto done = rules.run(Family::ipv4,
                          trial(Table::filter, {"-m bpf --bytecode \"1,6 0 0 0\" -j RETURN"}));
    if (done) {
        return true;
    }
    if (done.error().reason == CommitError::Reason::locked) {
        return std::unexpected(std::move(done.error().error));
    }
    // Without the match, or without anything?
    if (auto bare = probe_family(rules, Family::ipv4); !bare) {
        return std::unexpected(std::move(bare.error().error));
    }
    return false;
}

std::expected<void, CommitError> probe_family(Rules& rules, Family family) {
    return rules.run(family, trial(Table::nat, {}));
}

Result<void> probe_features(Sets& sets, Rules& rules, FamilySet families) {
    for (const Family family : kFamilies) {
        if (families.contains(family)) {
            if (const auto done = probe_family_features(sets, rules, family); !done) {
                return done;
            }
        }
    }
    return {};
}

}  // namespace sy::iptables
