// From plans to commits: compile, stage, send, and find the guilty when the kernel refuses.
#include <algorithm>
#include <cerrno>

#include "backends/ipvs/backend/backend.h"
#include "backends/ipvs/compile.h"
#include "backends/ipvs/elements.h"
#include "backends/nftables/node_elements.h"

namespace sy::ipvs {
namespace {

/// Classes that lists of the family lead to.
std::set<uint32_t> classes_in(const std::vector<nft::Element>& elements, Family family) {
    std::set<uint32_t> result;
    for (const auto& element : elements) {
        if (element.family() == family && element.set() == nft::SetId::sticky) {
            result.insert(nft::data_word(element));
        }
    }
    return result;
}

}  // namespace

ApplyReport IpvsBackend::apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) {
    ApplyReport report;
    drift_seen_ = false;
    attempt(delta, facts, complete, report);
    if (!drift_seen_) {
        return report;
    }
    // The kernel is not what we know: mend that first and try once more.
    if (const auto mended = audit(); !mended) {
        report.failure = mended.error();
        return report;
    }
    if (report.failure || !report.quarantined.empty()) {
        report.failure.reset();
        report.quarantined.clear();
        attempt(delta, facts, complete, report);
    }
    return report;
}

void IpvsBackend::attempt(const PlanDelta& delta, const NodeFacts& facts, bool complete,
                          ApplyReport& report) {
    known_services_ = std::max(known_services_, delta.known_services);
    std::vector<Work> work;
    if (const auto taken = take_facts(facts, work); !taken) {
        report.failure = taken.error();
        return;
    }
    for (const auto& name : delta.removed) {
        if (!ledger_.have(name).own.empty() || other_layout_) {
            work.push_back({name, {}});
        }
    }
    for (const auto& plan : delta.changed) {
        compile_plan(*plan, work, report);
    }
    if (other_layout_) {
        for (auto& one : work) {
            deferred_.insert_or_assign(one.service, std::move(one.want));
        }
        if (!complete) {
            return;
        }
        work.clear();
        for (const auto& [service, want] : deferred_) {
            work.push_back({service, want});
        }
    }
    commit_all(std::move(work), report);
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
Result<void> IpvsBackend::take_facts(const NodeFacts& facts, std::vector<Work>& work) {
    if (!prepared_) {
        if (auto done = kernel_->prepare(); !done) {
            return done;
        }
        prepared_ = true;
    }
    if (facts_ == facts && !other_layout_) {
        return {};
    }
    if (auto done = look_around(facts); !done) {
        return done;
    }
    tables_.take_facts(facts);
    const auto elements = nft::node_elements(facts);
    work.push_back({ServiceName{}, {{elements.begin(), elements.end()}, {}}});
    return {};
}

/// What a previous process had of the Service is what the kernel has of it.
void IpvsBackend::claim(const ServicePlan& plan) {
    auto claimed = adopted_.claim(plan);
    if (!claimed.empty() && ledger_.have(plan.name).own.empty()) {
        ledger_.adopt(plan.name, std::move(claimed));
    }
    orphaned_udp_.claim(plan);
}

void IpvsBackend::compile_plan(const ServicePlan& plan, std::vector<Work>& work,
                               ApplyReport& report) {
    if (!first_pass_done_) {
        claim(plan);
    }
    const auto& before = ledger_.have(plan.name);
    auto fragment = compile(plan, before, numbers_);
    if (!fragment && std::ranges::any_of(kFamilies, [&](Family family) {
            return numbers_.out_of_classes(family);
        })) {
        release_unused_classes(work);
        fragment = compile(plan, before, numbers_);
    }
    if (!fragment) {
        report.quarantined.push_back({plan.name, fragment.error()});
        return;
    }
    work.push_back({plan.name, std::move(*fragment)});
}

/// Classes of counts and timeouts that no list uses any more make room for others.
void IpvsBackend::release_unused_classes(const std::vector<Work>& work) {
    nft::Transaction transaction;
    for (const auto family : kFamilies) {
        if (!numbers_.out_of_classes(family) || !tables_.present(family)) {
            continue;
        }
        auto in_use = classes_in(content(family), family);
        for (const auto& one : work) {
            in_use.merge(classes_in(elements_of(one.want.own), family));
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

void IpvsBackend::commit_all(std::vector<Work> work, ApplyReport& report) {
    commit_or_quarantine<Work>(
        std::move(work), [&](auto& group) { return commit_group(group, report); }, report);
    for (const auto& [service, error] : report.quarantined) {
        drift_seen_ |= error.code == ENOENT || error.code == EEXIST || error.code == ESRCH;
    }
}

/// What Services left that were deleted while no daemon ran goes the same way as ever: words
/// first, then servers, which drain.
void IpvsBackend::finish_first_pass(ApplyReport& report) {
    const auto writes_before = report.writes;
    const auto rest = adopted_.rest();
    const auto unclaimed = ledger_.unclaimed_shared();
    first_pass_done_ = true;
    adopted_ = {};
    ledger_.forget_unclaimed();
    Book::Stage stage;
    stage.remove.reserve(rest.size() + unclaimed.size());
    for (const auto* objects : {&rest, &unclaimed}) {
        for (const auto& object : *objects) {
            stage.remove.push_back({object, 0});
        }
    }
    std::vector<Change> reschedule;
    reschedule.reserve(rescheduled_.size());
    for (const auto& server : rescheduled_) {
        reschedule.push_back({.kind = Change::Kind::set_server,
                              .server = {server, settings_.scheduler},
                              .destination = {}});
    }
    rescheduled_.clear();
    auto parts = split(stage, around_);
    let_linger(parts);
    std::set<std::pair<Family, uint32_t>> ids;
    for (const auto& element : elements_of(rest)) {
        if (const auto id = named_id(element)) {
            ids.emplace(element.family(), *id);
        }
    }
    if (auto done =
            reschedule.empty() ? std::expected<void, CommitError>() : kernel_->commit(reschedule);
        !done) {
        log_.warning("changing the scheduler: " + done.error().error.message());
    }
    if (const auto done = write_table(parts, {}, report); !done) {
        log_.warning("removing what deleted Services left: " + done.error().error.message());
        drift_seen_ = true;
        return;
    }
    remove_servers(parts, report);
    note_lingering(parts);
    remove_other_routes();
    // What drains already is found again by every start, and nothing is written for it.
    report.transactions += report.writes != writes_before ? 1 : 0;
    for (const auto& [family, id] : ids) {
        release(family, id);
    }
}

}  // namespace sy::ipvs
