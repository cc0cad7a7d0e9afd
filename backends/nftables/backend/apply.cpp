// From plans to commits: compile, stage, send, and find the guilty when the kernel refuses.
#include <algorithm>
#include <cerrno>

#include "backends/nftables/backend/backend.h"
#include "backends/nftables/node_elements.h"
#include "backends/nftables/schema.h"
#include "backends/nftables/vocabulary.h"
#include "backends/nftables/word.h"

namespace sy::nft {
namespace {

using IdSet = std::set<std::pair<Family, uint32_t>>;

IdSet ids_of(const Fragment& fragment) {
    IdSet ids;
    for (const auto& element : fragment.own) {
        if (const auto id = owner_id(element)) {
            ids.emplace(element.family(), *id);
        }
    }
    return ids;
}

/// Classes that words of the family name.
std::set<uint32_t> classes_in(const std::vector<Element>& elements, Family family) {
    std::set<uint32_t> result;
    for (const auto& element : elements) {
        if (element.family() == family &&
            (element.set() == SetId::frontends || element.set() == SetId::nodeports ||
             element.set() == SetId::shortcut)) {
            result.insert(data_word(element) & kClassMask);
        }
    }
    return result;
}

bool hints_at_drift(const Error& error) {
    return error.code == ENOENT || error.code == EEXIST;
}

PlanDelta only(const PlanDelta& delta, const std::vector<ServiceName>& names) {
    PlanDelta result;
    result.known_services = delta.known_services;
    const auto wanted = [&](const ServiceName& name) {
        return std::ranges::find(names, name) != names.end();
    };
    std::ranges::copy_if(delta.changed, std::back_inserter(result.changed),
                         [&](const auto& plan) { return wanted(plan->name); });
    std::ranges::copy_if(delta.removed, std::back_inserter(result.removed), wanted);
    return result;
}

}  // namespace

ApplyReport NftBackend::apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) {
    ApplyReport report;
    drift_seen_ = false;
    attempt(delta, facts, complete, report);
    // If the kernel is not what we know, mend that first and try what was refused once more.
    std::vector<ServiceName> again;
    for (const auto& item : report.quarantined) {
        if (hints_at_drift(item.error)) {
            again.push_back(item.service);
        }
    }
    if (drift_seen_ || !again.empty()) {
        if (const auto mended = audit(); !mended) {
            report.failure = mended.error();
            return report;
        }
        const bool everything = report.failure.has_value();
        report.failure.reset();
        std::erase_if(report.quarantined,
                      [&](const auto& item) { return everything || hints_at_drift(item.error); });
        attempt(everything ? delta : only(delta, again), facts, complete, report);
    }
    return report;
}

void NftBackend::attempt(const PlanDelta& delta, const NodeFacts& facts, bool complete,
                         ApplyReport& report) {
    known_services_ = std::max(known_services_, delta.known_services);
    std::vector<Change> changes;
    take_facts(facts, changes);
    for (const auto& name : delta.removed) {
        if (!ledger_.have(name).own.empty() || other_layout_) {
            changes.push_back({name, {}});
        }
    }
    for (const auto& plan : delta.changed) {
        compile_plan(*plan, changes, report);
    }
    if (other_layout_) {
        for (auto& change : changes) {
            deferred_.insert_or_assign(change.service, std::move(change.want));
        }
        if (!complete) {
            return;
        }
        changes.clear();
        for (const auto& [service, want] : deferred_) {
            changes.push_back({service, want});
        }
    }
    commit_or_quarantine<Change>(
        std::move(changes), [&](auto& group) { return commit_group(group, report); }, report);
    numbers_.release_provisional();
    if (report.failure) {
        return;
    }
    facts_ = facts;
    other_layout_ = false;
    deferred_.clear();
    if (complete && !first_pass_done_) {
        finish_first_pass(report);
    }
}

/// Node-wide elements are the fragment of a Service without a name, which the cluster cannot have.
void NftBackend::take_facts(const NodeFacts& facts, std::vector<Change>& changes) {
    if (facts_ == facts && !other_layout_) {
        return;
    }
    tables_.take_facts(facts);
    changes.push_back({ServiceName{}, {node_elements(facts), {}}});
}

void NftBackend::compile_plan(const ServicePlan& plan, std::vector<Change>& changes,
                              ApplyReport& report) {
    if (!first_pass_done_) {
        if (auto claimed = adopted_.claim(plan);
            !claimed.empty() && ledger_.have(plan.name).own.empty()) {
            ledger_.adopt(plan.name, std::move(claimed));
        }
        orphaned_udp_.claim(plan);
    }
    const auto& before = ledger_.have(plan.name);
    auto fragment = compile(plan, before, numbers_);
    if (!fragment && std::ranges::any_of(kFamilies, [&](Family family) {
            return numbers_.out_of_classes(family);
        })) {
        release_unused_classes(changes);
        fragment = compile(plan, before, numbers_);
    }
    if (!fragment) {
        report.quarantined.push_back({plan.name, fragment.error()});
        return;
    }
    changes.push_back({plan.name, std::move(*fragment)});
}

/// Classes of counts and timeouts that no frontend uses any more make room for others.
void NftBackend::release_unused_classes(const std::vector<Change>& changes) {
    Transaction transaction;
    for (const auto family : kFamilies) {
        if (!numbers_.out_of_classes(family) || !tables_.present(family)) {
            continue;
        }
        auto in_use = classes_in(content(family), family);
        for (const auto& change : changes) {
            in_use.merge(classes_in(change.want.own, family));
        }
        for (const auto& def : numbers_.drop_unused(family, in_use)) {
            transaction.remove_classes.push_back({family, def});
            tables_.drop_class(family, def);
        }
    }
    if (transaction.empty()) {
        return;
    }
    if (const auto done = tables_.commit(transaction); !done) {
        log_.warning("removing unused classes: " + done.error().error.message());
        drift_seen_ = true;
    }
}

std::expected<void, GroupRefused> NftBackend::commit_group(std::vector<Change>& changes,
                                                           ApplyReport& report) {
    auto stage = ledger_.stage(changes);
    const auto spared = lingering_.spare(stage);
    const auto transaction = tables_.transaction_for(element_changes(stage, changes),
                                                     [this](Family f) { return content(f); });
    if (!transaction.empty()) {
        if (const auto done = tables_.commit(transaction); !done) {
            const auto& refused = done.error();
            const bool element = refused.reason == CommitError::Reason::element;
            drift_seen_ |= refused.reason == CommitError::Reason::drift ||
                           refused.reason == CommitError::Reason::full;
            return std::unexpected(GroupRefused{refused.error, refused.suspects, element});
        }
        ++report.transactions;
        report.writes += transaction.writes();
    }
    note_committed(stage, transaction, changes);
    lingering_.note(spared, now_());
    ledger_.commit(stage, changes);
    return {};
}

ElementChanges NftBackend::element_changes(const Book::Stage& stage,
                                           const std::vector<Change>& changes) const {
    ElementChanges result;
    result.services = changes.size();
    result.known_services = known_services_;
    result.remove.reserve(stage.remove.size());
    for (const auto& op : stage.remove) {
        result.remove.push_back({op.object, op.owner});
    }
    result.add.reserve(stage.add.size());
    for (const auto& op : stage.add) {
        result.add.push_back({op.object, op.owner});
    }
    const auto node = std::ranges::find(changes, ServiceName{}, &Change::service);
    if (node != changes.end()) {
        result.node = &node->want.own;
    }
    return result;
}

void NftBackend::note_committed(const Book::Stage& stage, const Transaction& transaction,
                                const std::vector<Change>& changes) {
    tables_.note(transaction);
    for (const auto& op : stage.remove) {
        tables_.count(op.object, -1);
    }
    for (const auto& op : stage.add) {
        tables_.count(op.object, 1);
    }
    for (const auto& change : changes) {
        const auto after = ids_of(change.want);
        for (const auto& [family, id] : after) {
            numbers_.keep_id(family, id);
        }
        for (const auto& id : ids_of(ledger_.have(change.service))) {
            if (!after.contains(id)) {
                numbers_.release_id(id.first, id.second);
            }
        }
    }
}

std::optional<std::chrono::milliseconds> NftBackend::tend_in() const {
    return lingering_.due_in(now_());
}

Result<void> NftBackend::tend() {
    const auto due = lingering_.take_due(now_());
    if (due.empty()) {
        return {};
    }
    Transaction transaction;
    transaction.remove = unowned(due);
    for (const auto& element : due) {
        tables_.count(element, -1);
    }
    if (tables_.commit(transaction)) {
        return {};
    }
    // Somebody else has been at the tables.
    const auto mended = audit();
    return mended ? Result<void>() : std::unexpected(mended.error());
}

std::vector<MapFill> NftBackend::fill() const {
    return tables_.fill();
}

}  // namespace sy::nft
