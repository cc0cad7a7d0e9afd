// What has to be sent for a stage, and in which order: presence of a frontend first when it goes
// and last when it comes, roles and endpoints before the rules that ask for them.
#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <unordered_set>

#include "backends/iptables/backend/backend.h"
#include "backends/iptables/text.h"

namespace sy::iptables {
namespace {

/// Without a member of these, no packet reaches the rules of a frontend.
bool is_presence(Role role) {
    return role == Role::cluster_ip || role == Role::vip || role == Role::node_port;
}

/// Whom to let in is known before it is known that not everyone is let in.
int rank(const MemberOp& op) {
    const int rank = op.member.set.role == Role::range ? 0 : 1;
    return op.remove ? -rank : rank;
}

void append(std::vector<SetOp>& ops, std::vector<MemberOp> members, bool presence) {
    const auto wanted = [&](const MemberOp& op) {
        return is_presence(op.member.set.role) == presence;
    };
    std::ranges::copy_if(members, std::back_inserter(ops), wanted);
}

/// A member that goes and comes in one step stays: its frontend changed hands.
void cancel(std::vector<MemberOp>& remove, std::vector<MemberOp>& add) {
    std::unordered_set<Member> both;
    for (const auto& op : remove) {
        both.insert(op.member);
    }
    std::unordered_set<Member> kept;
    std::erase_if(add, [&](const MemberOp& op) {
        return both.contains(op.member) && kept.insert(op.member).second;
    });
    std::erase_if(remove, [&](const MemberOp& op) { return kept.contains(op.member); });
}

bool same_rule(const Jump& a, const Jump& b) {
    return a.table == b.table && a.chain == b.chain && a.rule == b.rule;
}

void add_jumps(Restore& restore, const std::vector<Jump>& want, const std::vector<Jump>& have) {
    for (const auto& jump : want) {
        if (jump.table == restore.table && std::ranges::count(have, jump) != 1) {
            restore.hook.push_back(jump);
        }
    }
    for (const auto& jump : have) {
        const bool known =
            std::ranges::any_of(want, [&](const Jump& other) { return same_rule(other, jump); });
        if (jump.table == restore.table && !known) {
            restore.unhook.push_back(jump);
        }
    }
}

}  // namespace

std::vector<IptablesBackend::Line> IptablesBackend::set_lines(const Book::Stage& stage) {
    std::map<LineKey, std::optional<Target>> lines;
    for (const auto& op : stage.remove) {
        if (const auto* line = std::get_if<TreeLine>(&op.object)) {
            lines[line->key] = std::nullopt;
        }
    }
    for (const auto& op : stage.add) {
        if (const auto* line = std::get_if<TreeLine>(&op.object)) {
            lines[line->key] = line->target;
        }
    }
    std::vector<Line> before;
    before.reserve(lines.size());
    for (auto& [key, target] : lines) {
        before.push_back({key, side(key.family).tree(key.tree).set(key, std::move(target))});
    }
    return before;
}

void IptablesBackend::undo_lines(std::vector<Line> before) {
    for (auto& [key, target] : before) {
        side(key.family).tree(key.tree).set(key, std::move(target));
    }
}

IptablesBackend::Work IptablesBackend::work_of(const Book::Stage& stage) {
    Work work;
    const auto index = [](Family family) { return family == Family::ipv4 ? 0U : 1U; };
    for (const auto& [object, owner] : stage.remove) {
        if (const auto* member = std::get_if<Member>(&object)) {
            work.remove.push_back({*member, true, owner});
        } else if (const auto* set = std::get_if<SetDef>(&object)) {
            work.destroy.push_back(set->set);
        } else if (const auto* list = std::get_if<ListChain>(&object)) {
            work.gone[index(list->family)].push_back(list_chain_name(list->list, list->port));
        }
    }
    for (const auto& [object, owner] : stage.add) {
        if (const auto* member = std::get_if<Member>(&object)) {
            work.add.push_back({*member, false, owner});
        } else if (const auto* set = std::get_if<SetDef>(&object)) {
            work.create.push_back(*set);
        } else if (const auto* list = std::get_if<ListChain>(&object)) {
            work.lists[index(list->family)].push_back(chain_of(*list));
        }
    }
    return work;
}

Transaction IptablesBackend::transaction_for(Work work) {
    Transaction transaction;
    cancel(work.remove, work.add);
    std::ranges::stable_sort(work.remove, {}, rank);
    std::ranges::stable_sort(work.add, {}, rank);

    append(transaction.before, work.remove, true);
    for (std::size_t i = 0; i < sides_.size(); ++i) {
        auto& own = sides_[i];
        if (!works(own.family)) {
            continue;
        }
        if (own.constant_due && own.config) {
            constant_sets(own, work);
        }
        for (auto restore : {nat_restore(own, std::move(work.lists[i]), std::move(work.gone[i])),
                             filter_restore(own)}) {
            if (!restore.empty()) {
                transaction.restores.push_back(std::move(restore));
            }
        }
    }
    for (const auto& set : work.create) {
        transaction.before.emplace_back(CreateSet{set});
    }
    append(transaction.before, work.add, false);
    append(transaction.after, work.add, true);
    append(transaction.after, work.remove, false);
    for (const auto& set : work.destroy) {
        transaction.after.emplace_back(DestroySet{set});
    }
    return transaction;
}

/// Sets that are always there, and none that another version or another host needed.
void IptablesBackend::constant_sets(const Side& own, Work& work) {
    for (const auto& set : own.constant.sets) {
        if (!own.sets.contains(set)) {
            work.create.push_back({set, 0});
        }
    }
    for (const auto& set : own.sets) {
        if (set.role != Role::affinity &&
            std::ranges::find(own.constant.sets, set) == own.constant.sets.end()) {
            work.destroy.push_back(set);
        }
    }
}

/// In descending order of names every target of a jump comes before the jump, but for the constant
/// part, which leads to the roots of the trees and is last.
Restore IptablesBackend::nat_restore(Side& own, std::vector<Chain> lists,
                                     std::vector<std::string> gone) {
    Restore restore{.family = own.family,
                    .table = Table::nat,
                    .unhook = {},
                    .write = {},
                    .remove = {},
                    .hook = {}};
    const auto differs = [&](const Chain& chain) {
        const auto known = own.nat.find(chain.name);
        return known == own.nat.end() || known->second != fingerprint(chain);
    };
    std::unordered_set<std::string_view> kept;
    for (const auto& list : lists) {
        kept.insert(list.name);
    }
    std::erase_if(gone, [&](const std::string& name) { return kept.contains(name); });
    auto& write = restore.write;
    std::ranges::copy_if(std::move(lists), std::back_inserter(write), differs);
    for (auto& tree : own.trees) {
        auto changes = tree.take_changes();
        std::ranges::copy_if(std::move(changes.write), std::back_inserter(write), differs);
        std::ranges::move(changes.remove, std::back_inserter(gone));
    }
    std::ranges::sort(write, std::ranges::greater{}, &Chain::name);
    if (own.constant_due && own.config) {
        std::ranges::copy_if(own.constant.nat, std::back_inserter(write), differs);
        for (const auto& [name, print] : own.nat) {
            if (!is_list_chain(name) && !tree_of_chain(name) &&
                std::ranges::find(own.constant.nat, name, &Chain::name) == own.constant.nat.end()) {
                gone.push_back(name);
            }
        }
        add_jumps(restore, own.constant.jumps, own.jumps);
    }
    std::ranges::sort(gone);
    std::ranges::copy_if(gone, std::back_inserter(restore.remove),
                         [&](const std::string& name) { return own.nat.contains(name); });
    return restore;
}

Restore IptablesBackend::filter_restore(const Side& own) {
    Restore restore{.family = own.family,
                    .table = Table::filter,
                    .unhook = {},
                    .write = {},
                    .remove = {},
                    .hook = {}};
    if (!own.constant_due || !own.config) {
        return restore;
    }
    const auto& want = own.constant.filter;
    std::ranges::copy_if(want, std::back_inserter(restore.write), [&](const Chain& chain) {
        const auto known = own.filter.find(chain.name);
        return known == own.filter.end() || known->second != fingerprint(chain);
    });
    for (const auto& [name, print] : own.filter) {
        if (std::ranges::find(want, name, &Chain::name) == want.end()) {
            restore.remove.push_back(name);
        }
    }
    std::ranges::sort(restore.remove);
    add_jumps(restore, own.constant.jumps, own.jumps);
    return restore;
}

}  // namespace sy::iptables
