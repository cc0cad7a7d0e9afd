// From plans to commits: compile, stage, send, and find the guilty when the kernel refuses.
#include <algorithm>
#include <iterator>

#include "backends/iptables/backend/backend.h"
#include "backends/iptables/node_members.h"
#include "backends/iptables/text.h"

namespace sy::iptables {
namespace {

/// What can be laid at the door of particular Services.
bool is_about_services(CommitError::Reason reason) {
    return reason == CommitError::Reason::member || reason == CommitError::Reason::full ||
           reason == CommitError::Reason::chain;
}

}  // namespace

ApplyReport IptablesBackend::apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) {
    ApplyReport report;
    drift_seen_ = false;
    attempt(delta, facts, complete, report);
    if (drift_seen_) {
        // What we took for known is not so: read the kernel, then try once more.
        report.failure.reset();
        report.quarantined.clear();
        attempt(delta, facts, complete, report);
    }
    return report;
}

void IptablesBackend::attempt(const PlanDelta& delta, const NodeFacts& facts, bool complete,
                              ApplyReport& report) {
    std::vector<Change> changes;
    if (auto taken = take_facts(facts, changes); !taken) {
        report.failure = taken.error();
        return;
    }
    for (const auto& name : delta.removed) {
        if (!ledger_.have(name).own.empty() || !ledger_.have(name).shared.empty()) {
            changes.push_back({name, {}});
        }
    }
    for (const auto& plan : delta.changed) {
        changes.push_back(compile_plan(*plan));
    }
    commit_or_quarantine<Change>(
        std::move(changes), [&](auto& group) { return commit_group(group, report); }, report);
    if (report.failure) {
        return;
    }
    facts_ = facts;
    if (complete && !first_pass_done_) {
        finish_first_pass(report);
    }
}

CompileOptions IptablesBackend::compile_options() const {
    return {.hairpin_sets = !kernel_->features().xt_bpf, .without_ipv6 = !works(Family::ipv6)};
}

bool IptablesBackend::works(Family family) const {
    return family == Family::ipv4 || kernel_->features().ipv6;
}

/// NodePorts on 127.0.0.1 take a setting of the kernel: without it, everything else still works.
bool IptablesBackend::localhost_nodeports() {
    if (!settings_.localhost_nodeports) {
        return false;
    }
    if (!localhost_routing_) {
        const auto allowed = kernel_->allow_localhost_routing();
        localhost_routing_ = allowed.has_value();
        if (!allowed) {
            log_.warning("NodePorts will not answer on 127.0.0.1: " + allowed.error().message());
        }
    }
    return *localhost_routing_;
}

/// Node-wide members are the fragment of a Service without a name, which the cluster cannot have.
Result<void> IptablesBackend::take_facts(const NodeFacts& facts, std::vector<Change>& changes) {
    if (facts_ == facts) {
        return {};
    }
    auto settings = settings_;
    settings.localhost_nodeports = localhost_nodeports();
    std::array<ConstantConfig, 2> configs;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
        auto config = constant_config(sides_[i].family, facts, settings, kernel_->features());
        if (!config) {
            return std::unexpected(config.error());
        }
        configs[i] = std::move(*config);
    }
    for (std::size_t i = 0; i < sides_.size(); ++i) {
        auto& own = sides_[i];
        if (own.config != configs[i]) {
            own.constant = constant_part(configs[i]);
            own.config = std::move(configs[i]);
            own.constant_due = true;
        }
    }
    changes.push_back({ServiceName{}, {node_members(facts, compile_options()), {}}});
    return {};
}

IptablesBackend::Change IptablesBackend::compile_plan(const ServicePlan& plan) {
    auto fragment = compile(plan, compile_options());
    if (!first_pass_done_) {
        if (auto claimed = adopted_.claim(plan, fragment.own); !claimed.empty()) {
            std::vector<Object> own;
            std::ranges::set_union(ledger_.have(plan.name).own, claimed, std::back_inserter(own));
            ledger_.adopt(plan.name, std::move(own));
        }
        orphaned_udp_.claim(plan);
    }
    return {plan.name, std::move(fragment)};
}

std::expected<void, GroupRefused> IptablesBackend::commit_group(std::vector<Change>& changes,
                                                                ApplyReport& report) {
    if (uncertain_) {
        if (const auto mended = audit(); !mended) {
            return std::unexpected(GroupRefused{mended.error(), {}, false});
        }
    }
    const auto stage = ledger_.stage(changes);
    auto before = set_lines(stage);
    const auto transaction = transaction_for(work_of(stage));
    if (const auto done = commit(transaction, report); !done) {
        undo_lines(std::move(before));
        const auto& refused = done.error();
        drift_seen_ |= refused.reason == CommitError::Reason::drift;
        return std::unexpected(
            GroupRefused{refused.error, refused.suspects, is_about_services(refused.reason)});
    }
    ledger_.commit(stage, std::move(changes));
    return {};
}

std::expected<void, CommitError> IptablesBackend::commit(const Transaction& transaction,
                                                         ApplyReport& report) {
    if (!transaction.empty()) {
        if (auto done = kernel_->commit(transaction); !done) {
            uncertain_ = true;
            return done;
        }
        note_committed(transaction);
        ++report.transactions;
    }
    for (auto& own : sides_) {
        own.constant_due = own.constant_due && !own.config;
    }
    report.writes += transaction.before.size() + transaction.after.size();
    for (const auto& restore : transaction.restores) {
        report.writes += restore.write.size() + restore.remove.size() + restore.hook.size() +
                         restore.unhook.size();
    }
    return {};
}

void IptablesBackend::note_committed(const Transaction& transaction) {
    for (const auto* ops : {&transaction.before, &transaction.after}) {
        for (const auto& op : *ops) {
            if (const auto* created = std::get_if<CreateSet>(&op)) {
                side(created->def.set.family).sets.insert(created->def.set);
            } else if (const auto* destroyed = std::get_if<DestroySet>(&op)) {
                side(destroyed->set.family).sets.erase(destroyed->set);
            } else {
                const auto& [member, remove, owner] = std::get<MemberOp>(op);
                side(member.set.family).members[static_cast<std::size_t>(member.set.role)] +=
                    remove ? uint64_t{0} - 1 : 1;
            }
        }
    }
    for (const auto& restore : transaction.restores) {
        auto& own = side(restore.family);
        auto& prints = restore.table == Table::nat ? own.nat : own.filter;
        for (const auto& chain : restore.write) {
            prints[chain.name] = fingerprint(chain);
        }
        for (const auto& name : restore.remove) {
            prints.erase(name);
        }
        for (const auto* jumps : {&restore.unhook, &restore.hook}) {
            for (const auto& jump : *jumps) {
                std::erase_if(own.jumps, [&](const Jump& known) {
                    return known.table == jump.table && known.chain == jump.chain &&
                           known.rule == jump.rule;
                });
            }
        }
        std::ranges::copy(restore.hook, std::back_inserter(own.jumps));
    }
}

std::vector<MapFill> IptablesBackend::fill() const {
    std::vector<MapFill> all;
    for (const auto& own : sides_) {
        for (const auto& set : own.sets) {
            if (set.role != Role::affinity) {
                all.push_back({.map = role_name(set.role),
                               .family = own.family,
                               .elements = own.members[static_cast<std::size_t>(set.role)],
                               .capacity = kMaxMembers});
            }
        }
    }
    return all;
}

}  // namespace sy::iptables
