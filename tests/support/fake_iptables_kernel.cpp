#include "tests/support/fake_iptables_kernel.h"

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace sy::iptables {
namespace {

using Refusal = std::optional<CommitError>;
using Reason = CommitError::Reason;

CommitError refusal(Reason reason, std::string why, int code, std::vector<uint32_t> suspects = {}) {
    return {reason, {std::move(why), "fake kernel", code}, std::move(suspects)};
}

/// Words that follow one of `flags`.
std::vector<std::string> words_after(const std::string& rule, const std::set<std::string>& flags) {
    std::vector<std::string> found;
    std::istringstream words(rule);
    std::string word;
    bool next = false;
    while (words >> word) {
        if (next) {
            found.push_back(word);
        }
        next = flags.contains(word);
    }
    return found;
}

bool refers(const FakeHost::Rules& rules, const std::string& chain) {
    const auto leads_there = [&](const auto& entry) {
        return std::ranges::any_of(entry.second, [&](const std::string& rule) {
            return std::ranges::count(targets_of(rule), chain) > 0;
        });
    };
    return std::ranges::any_of(rules.chains, leads_there) ||
           std::ranges::any_of(rules.built_in, leads_there);
}

void hook(FakeHost::Rules& rules, const std::vector<Jump>& jumps) {
    for (auto jump = jumps.rbegin(); jump != jumps.rend(); ++jump) {
        auto& chain = rules.built_in[jump->chain];
        std::erase(chain, jump->rule);
        chain.insert(jump->first ? chain.begin() : chain.end(), jump->rule);
    }
}

}  // namespace

std::vector<std::string> targets_of(const std::string& rule) {
    auto targets = words_after(rule, {"-j", "-g"});
    std::erase_if(targets, [](const std::string& word) { return !word.starts_with("SY-"); });
    return targets;
}

std::vector<std::string> sets_of(const std::string& rule) {
    return words_after(rule, {"--match-set", "--add-set"});
}

std::size_t FakeHost::nat_rules(Family family) const {
    std::size_t count = 0;
    if (const auto table = tables.find({family, Table::nat}); table != tables.end()) {
        for (const auto& [name, rules] : table->second.chains) {
            count += rules.size();
        }
    }
    return count;
}

Result<std::vector<Dumped>> FakeKernel::dump() {
    std::vector<Dumped> all;
    for (const auto family : kFamilies) {
        auto& dumped = all.emplace_back();
        dumped.family = family;
        for (const auto table : {Table::nat, Table::filter}) {
            const auto& rules = host_.tables[{family, table}];
            for (const auto& [name, chain] : rules.chains) {
                (table == Table::nat ? dumped.nat : dumped.filter).push_back({name, chain});
            }
            for (const auto& [name, chain] : rules.built_in) {
                bool first = true;
                for (const auto& rule : chain) {
                    if (targets_of(rule).empty()) {
                        first = false;
                    } else {
                        dumped.jumps.push_back({table, name, rule, first});
                    }
                }
            }
        }
        for (const auto& [ref, def] : host_.sets) {
            if (ref.family == family) {
                dumped.sets.push_back(def);
            }
        }
        std::ranges::copy_if(
            host_.members, std::back_inserter(dumped.members), [&](const Member& member) {
                return member.set.family == family && member.set.role != Role::affinity;
            });
    }
    return all;
}

bool FakeKernel::is_asked(const std::string& set) const {
    for (const auto& [place, rules] : host_.tables) {
        for (const auto& [name, chain] : rules.chains) {
            for (const auto& rule : chain) {
                if (std::ranges::count(sets_of(rule), set) > 0) {
                    return true;
                }
            }
        }
    }
    return false;
}

Refusal FakeKernel::apply(const SetOp& op) {
    if (const auto* created = std::get_if<CreateSet>(&op)) {
        if (!host_.sets.emplace(created->def.set, created->def).second) {
            return refusal(Reason::drift, "set exists: " + set_name(created->def.set), EEXIST);
        }
        return {};
    }
    if (const auto* destroyed = std::get_if<DestroySet>(&op)) {
        if (is_asked(set_name(destroyed->set))) {
            return refusal(Reason::other, "set is in use: " + set_name(destroyed->set), EBUSY);
        }
        if (host_.sets.erase(destroyed->set) == 0) {
            return refusal(Reason::drift, "no such set: " + set_name(destroyed->set), ENOENT);
        }
        std::erase_if(host_.members,
                      [&](const Member& member) { return member.set == destroyed->set; });
        return {};
    }
    const auto& [member, remove, owner] = std::get<MemberOp>(op);
    if (!host_.sets.contains(member.set)) {
        return refusal(Reason::drift, "no such set: " + set_name(member.set), ENOENT);
    }
    const auto type = type_of(member.set.role);
    const bool is_net = type == SetType::net || type == SetType::net_port;
    if ((is_net && member.prefix == 0) ||
        (type == SetType::ip_port_net && member.second_prefix == 0)) {
        return refusal(Reason::member, "prefix 0: " + member_text(member), EINVAL, {owner});
    }
    if (!remove && host_.poison && host_.poison(member)) {
        return refusal(Reason::member, "poisonous: " + member_text(member), EINVAL, {owner});
    }
    const bool changed =
        remove ? host_.members.erase(member) > 0 : host_.members.insert(member).second;
    host_.redundant += changed ? 0 : 1;
    return {};
}

Refusal FakeKernel::apply(const std::vector<SetOp>& ops) {
    for (const auto& op : ops) {
        if (auto refused = apply(op)) {
            return refused;
        }
        if (host_.after_step) {
            host_.after_step();
        }
    }
    return {};
}

Refusal FakeKernel::apply(const Restore& restore) {
    auto rules = host_.tables[{restore.family, restore.table}];
    for (const auto& jump : restore.unhook) {
        std::erase(rules.built_in[jump.chain], jump.rule);
    }
    for (const auto& chain : restore.write) {
        if (host_.poison_chain && host_.poison_chain(chain)) {
            return refusal(Reason::chain, "poisonous: " + chain.name, EINVAL);
        }
        if (chain.name.size() > 28) {
            return refusal(Reason::chain, "name too long: " + chain.name, EINVAL);
        }
        rules.chains[chain.name] = chain.rules;
        for (const auto& rule : chain.rules) {
            for (const auto& target : targets_of(rule)) {
                if (!rules.chains.contains(target)) {
                    return refusal(Reason::chain, "no chain " + target, ENOENT);
                }
            }
            for (const auto& name : sets_of(rule)) {
                if (const auto set = set_of_name(name); !set || !host_.sets.contains(*set)) {
                    return refusal(Reason::chain, "no set " + name, ENOENT);
                }
            }
        }
    }
    hook(rules, restore.hook);
    for (const auto& name : restore.remove) {
        const auto found = rules.chains.find(name);
        if (found == rules.chains.end()) {
            return refusal(Reason::drift, "no chain " + name, ENOENT);
        }
        found->second.clear();
    }
    for (const auto& name : restore.remove) {
        if (refers(rules, name)) {
            return refusal(Reason::chain, "chain is in use: " + name, EBUSY);
        }
        rules.chains.erase(name);
    }
    host_.tables[{restore.family, restore.table}] = std::move(rules);
    return {};
}

std::expected<void, CommitError> FakeKernel::commit(const Transaction& transaction) {
    if (host_.fail_next) {
        return std::unexpected(*std::exchange(host_.fail_next, std::nullopt));
    }
    if (auto refused = apply(transaction.before)) {
        return std::unexpected(std::move(*refused));
    }
    for (const auto& restore : transaction.restores) {
        if (host_.fail_restore) {
            return std::unexpected(*std::exchange(host_.fail_restore, std::nullopt));
        }
        if (auto refused = apply(restore)) {
            return std::unexpected(std::move(*refused));
        }
        if (host_.after_step) {
            host_.after_step();
        }
    }
    if (auto refused = apply(transaction.after)) {
        return std::unexpected(std::move(*refused));
    }
    host_.committed.push_back(transaction);
    return {};
}

Result<void> FakeKernel::remove_all() {
    for (auto& [place, rules] : host_.tables) {
        rules.chains.clear();
        for (auto& [name, chain] : rules.built_in) {
            std::erase_if(chain, [](const std::string& rule) { return !targets_of(rule).empty(); });
        }
    }
    host_.sets.clear();
    host_.members.clear();
    return {};
}

Result<void> FakeKernel::allow_localhost_routing() {
    if (host_.localhost_routing_fails) {
        return fail("read-only", "route_localnet", EROFS);
    }
    host_.localhost_routing = true;
    return {};
}

Result<std::unique_ptr<DriftWatch>> FakeKernel::watch() {
    return fail("the fake kernel tells nobody");
}

}  // namespace sy::iptables
