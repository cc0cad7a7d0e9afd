// What render prints and where a backend on the real kernel comes from.
#include <algorithm>

#include "backends/iptables/backend/backend.h"
#include "backends/iptables/node_members.h"
#include "backends/iptables/text.h"

namespace sy::iptables {
namespace {

std::string_view type_word(SetType type) {
    switch (type) {
        case SetType::ip:
            return "hash:ip";
        case SetType::ip_port:
            return "hash:ip,port";
        case SetType::ip_port_net:
            return "hash:ip,port,net";
        case SetType::ip_port_ip:
            return "hash:ip,port,ip";
        case SetType::net:
            return "hash:net";
        case SetType::net_port:
            return "hash:net,port";
    }
    return "";
}

std::string create_line(const SetDef& def) {
    std::string line = "create " + set_name(def.set) + " ";
    line += type_word(type_of(def.set.role));
    line += def.set.family == Family::ipv4 ? " family inet" : " family inet6";
    if (def.timeout != 0) {
        line += " timeout " + std::to_string(def.timeout) + " forceadd";
    }
    return line + "\n";
}

std::string table_text(std::string_view table, const std::vector<Chain>& chains,
                       const std::vector<Jump>& jumps) {
    std::string text = "*" + std::string(table) + "\n";
    for (const auto& chain : chains) {
        text += ":" + chain.name + " - [0:0]\n";
        for (const auto& rule : chain.rules) {
            text += "-A " + chain.name + " " + rule + "\n";
        }
    }
    for (const auto& jump : jumps) {
        text += "-I " + jump.chain + " 1 " + jump.rule + "\n";
    }
    return text + "COMMIT\n";
}

/// Everything of one family.
std::string family_text(Family family, const std::vector<Object>& objects, const NodeFacts& facts,
                        const IptablesSettings& settings) {
    const auto config = constant_config(family, facts, settings, Features{});
    if (!config) {
        return "# " + config.error().message() + "\n";
    }
    const auto constant = constant_part(*config);
    std::string sets;
    for (const auto& set : constant.sets) {
        sets += create_line({set, 0});
    }
    std::string members;
    std::vector<Chain> chains;
    for (const auto& object : objects) {
        if (const auto* set = std::get_if<SetDef>(&object); set && set->set.family == family) {
            sets += create_line(*set);
        } else if (const auto* member = std::get_if<Member>(&object);
                   member && member->set.family == family) {
            members += "add " + set_name(member->set) + " " + member_text(*member) + "\n";
        } else if (const auto* list = std::get_if<ListChain>(&object);
                   list && list->family == family) {
            chains.push_back(chain_of(*list));
        }
    }
    for (const auto id : kTrees) {
        Tree tree(family, id);
        for (const auto& object : objects) {
            if (const auto* line = std::get_if<TreeLine>(&object);
                line && line->key.family == family && line->key.tree == id) {
                tree.set(line->key, line->target);
            }
        }
        std::ranges::move(tree.take_changes().write, std::back_inserter(chains));
    }
    std::ranges::sort(chains, std::ranges::greater{}, &Chain::name);
    std::ranges::copy(constant.nat, std::back_inserter(chains));
    std::vector<Jump> nat;
    std::vector<Jump> filter;
    std::ranges::partition_copy(constant.jumps, std::back_inserter(nat), std::back_inserter(filter),
                                [](const Jump& jump) { return jump.table == Table::nat; });
    const std::string program = family == Family::ipv4 ? "iptables" : "ip6tables";
    return "# ipset restore\n" + sets + members + "# " + program + "-restore --noflush\n" +
           table_text("nat", chains, nat) + table_text("filter", constant.filter, filter);
}

}  // namespace

Result<std::unique_ptr<Backend>> make_backend(const IptablesSettings& settings, Log& log) {
    auto kernel = open_kernel(settings, log);
    if (!kernel) {
        return std::unexpected(kernel.error());
    }
    return std::make_unique<IptablesBackend>(std::move(*kernel), settings, log);
}

Result<void> remove(const IptablesSettings& /*settings*/, Log& log) {
    return remove_all(log);
}

std::string render(const PlanDelta& plans, const NodeFacts& facts,
                   const IptablesSettings& settings) {
    auto objects = node_members(facts, {});
    for (const auto& plan : plans.changed) {
        auto fragment = compile(*plan, {});
        std::ranges::move(fragment.own, std::back_inserter(objects));
        std::ranges::move(fragment.shared, std::back_inserter(objects));
    }
    std::ranges::sort(objects);
    const auto duplicates = std::ranges::unique(objects);
    objects.erase(duplicates.begin(), duplicates.end());
    return family_text(Family::ipv4, objects, facts, settings) +
           family_text(Family::ipv6, objects, facts, settings);
}

}  // namespace sy::iptables
