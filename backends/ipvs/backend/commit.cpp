// One group of Services, in the order of the layout: servers and destinations, routes, words in one
// transaction, and only then what nobody leads to any more.
#include <algorithm>

#include "backends/ipvs/backend/backend.h"
#include "backends/ipvs/elements.h"
#include "backends/ipvs/word.h"

namespace sy::ipvs {
namespace {

using Ids = std::set<std::pair<Family, uint32_t>>;

Ids ids_of(const Fragment& fragment) {
    Ids ids;
    for (const auto& object : fragment.own) {
        if (const auto* element = std::get_if<nft::Element>(&object)) {
            if (const auto id = named_id(*element)) {
                ids.emplace(element->family(), *id);
            }
        } else if (const auto* server = std::get_if<ServerKey>(&object)) {
            ids.emplace(server->family, id_of(server->mark));
        }
    }
    return ids;
}

Change of_server(Change::Kind kind, const ServerKey& key, const std::string& scheduler,
                 uint32_t owner = 0) {
    return {.kind = kind, .server = {key, scheduler}, .destination = {}, .owner = owner};
}

Change of_target(Change::Kind kind, const Target& target, uint32_t weight, uint32_t owner = 0) {
    return {.kind = kind,
            .server = {},
            .destination = {target.server, target.address, weight},
            .owner = owner};
}

}  // namespace

GroupRefused IpvsBackend::refused(const CommitError& error) {
    drift_seen_ |= error.reason == CommitError::Reason::drift;
    return {error.error, error.suspects, error.reason == CommitError::Reason::change};
}

std::expected<void, GroupRefused> IpvsBackend::commit_group(std::vector<Work>& work,
                                                            ApplyReport& report) {
    const auto writes_before = report.writes;
    const auto stage = ledger_.stage(work);
    auto parts = split(stage, around_);
    let_linger(parts);
    const auto hairpins = take_hairpins(parts);
    if (auto done = write_hairpins({}, hairpins.before, report); !done) {
        return done;
    }
    auto done = add_servers(parts, report);
    if (done) {
        done = add_routes(parts, report);
        if (done) {
            done = write_table(parts, work, report);
        }
        if (!done) {
            take_back_servers(parts);
        }
    }
    if (!done) {
        drift_seen_ |= !write_hairpins(hairpins.before, {}, report);
        return done;
    }
    remove_servers(parts, report);
    drift_seen_ |= !write_hairpins(hairpins.after, {}, report);
    remove_routes(parts, report);
    note_lingering(parts);
    report.transactions += report.writes != writes_before ? 1 : 0;
    for (const auto& one : work) {
        const auto after = ids_of(one.want);
        for (const auto& [family, id] : after) {
            numbers_.keep_id(family, id);
            retired_ids_.erase({family, id});
        }
        for (const auto& [family, id] : ids_of(ledger_.have(one.service))) {
            if (!after.contains({family, id})) {
                release(family, id);
            }
        }
    }
    ledger_.commit(stage, work);
    return {};
}

/// An id is free when nothing in the kernel leads anywhere by it.
void IpvsBackend::release(Family family, uint32_t id) {
    if (drains_.closing_id(family, id)) {
        retired_ids_.emplace(family, id);
    } else {
        numbers_.release_id(family, id);
    }
}

std::expected<void, GroupRefused> IpvsBackend::add_servers(const Split& split,
                                                           ApplyReport& report) {
    std::vector<Change> changes;
    changes.reserve(split.add_servers.size() + split.add_targets.size());
    for (const auto& op : split.add_servers) {
        changes.push_back(
            of_server(Change::Kind::add_server, op.object, settings_.scheduler, op.owner));
    }
    for (const auto& op : split.add_targets) {
        // Of one that still drains, this raises the weight again.
        changes.push_back(of_target(Change::Kind::add, op.object, 1, op.owner));
    }
    if (changes.empty()) {
        return {};
    }
    if (const auto done = kernel_->commit(changes); !done) {
        take_back_servers(split);
        return std::unexpected(refused(done.error()));
    }
    report.writes += changes.size();
    return {};
}

/// The group did not go through: what was added for it goes again, what drained drains on.
void IpvsBackend::take_back_servers(const Split& split) {
    std::vector<Change> changes;
    for (const auto& op : split.add_targets) {
        const bool drained = drains_.draining(op.object.server, op.object.address);
        changes.push_back(
            of_target(drained ? Change::Kind::set : Change::Kind::remove, op.object, 0));
    }
    for (const auto& op : split.add_servers) {
        if (!drains_.closing(op.object)) {
            changes.push_back(of_server(Change::Kind::remove_server, op.object, {}));
        }
    }
    if (changes.empty()) {
        return;
    }
    if (const auto done = kernel_->commit(changes); !done) {
        log_.debug("taking servers back: " + done.error().error.message());
    }
}

std::expected<void, GroupRefused> IpvsBackend::add_routes(const Split& split, ApplyReport& report) {
    if (split.add_routes.empty()) {
        return {};
    }
    if (const auto done = kernel_->commit(split.add_routes); !done) {
        return std::unexpected(refused(done.error()));
    }
    for (const auto& change : split.add_routes) {
        routes_.insert(change.route);
    }
    report.writes += split.add_routes.size();
    return {};
}

std::expected<void, GroupRefused> IpvsBackend::write_hairpins(
    const std::vector<nft::ElementOp>& remove, const std::vector<nft::ElementOp>& add,
    ApplyReport& report) {
    if (remove.empty() && add.empty()) {
        return {};
    }
    Split split;
    split.remove_elements = remove;
    split.add_elements = add;
    return write_table(split, {}, report);
}

std::expected<void, GroupRefused> IpvsBackend::write_table(Split& split,
                                                           const std::vector<Work>& work,
                                                           ApplyReport& report) {
    nft::ElementChanges changes;
    changes.remove = split.remove_elements;
    changes.add = split.add_elements;
    changes.services = work.size();
    changes.known_services = known_services_;
    std::vector<nft::Element> node_elements;
    if (const auto node = std::ranges::find(work, ServiceName{}, &Work::service);
        node != work.end()) {
        node_elements = elements_of(node->want.own);
        changes.node = &node_elements;
    }
    const auto transaction = tables_.transaction_for(
        std::move(changes), [this](Family family) { return content(family); });
    if (transaction.empty()) {
        return {};
    }
    if (const auto done = tables_.commit(transaction); !done) {
        using Reason = nft::CommitError::Reason;
        const auto& error = done.error();
        drift_seen_ |= error.reason == Reason::drift || error.reason == Reason::full;
        return std::unexpected(
            GroupRefused{error.error, error.suspects, error.reason == Reason::element});
    }
    tables_.note(transaction);
    for (const auto& op : split.remove_elements) {
        tables_.count(op.element, -1);
    }
    for (const auto& op : split.add_elements) {
        tables_.count(op.element, 1);
    }
    report.writes += transaction.writes();
    return {};
}

/// The words lead nowhere near these now. TCP connections live on at weight 0; datagrams go to
/// another endpoint at once.
void IpvsBackend::remove_servers(const Split& split, ApplyReport& report) {
    const auto now = now_();
    if (!split.remove_servers.empty()) {
        kernel_->let_packets_pass();
    }
    for (const auto& op : split.add_servers) {
        drains_.reopen(op.object);
    }
    for (const auto& op : split.add_targets) {
        drains_.stop(op.object.server, op.object.address);
    }
    std::vector<Change> changes;
    for (const auto& op : split.remove_targets) {
        const auto& target = op.object;
        if (target.drains) {
            changes.push_back(of_target(Change::Kind::set, target, 0));
            drains_.begin(target.server, target.address, now);
        } else {
            changes.push_back(of_target(Change::Kind::remove, target, 0));
        }
    }
    for (const auto& op : split.remove_servers) {
        drains_.close(op.object);
    }
    std::ranges::move(drains_.settle_servers(), std::back_inserter(changes));
    if (changes.empty()) {
        return;
    }
    if (const auto done = kernel_->commit(changes); !done) {
        // New connections are led right already; an audit finds what is left over.
        log_.warning("virtual servers that are not needed any more: " +
                     done.error().error.message());
        drift_seen_ = true;
    }
    report.writes += changes.size();
}

void IpvsBackend::remove_routes(const Split& split, ApplyReport& report) {
    if (split.remove_routes.empty()) {
        return;
    }
    if (const auto done = kernel_->commit(split.remove_routes); !done) {
        log_.warning("routes that are not needed any more: " + done.error().error.message());
        drift_seen_ = true;
    }
    for (const auto& change : split.remove_routes) {
        routes_.erase(change.route);
    }
    report.writes += split.remove_routes.size();
}

std::optional<std::chrono::milliseconds> IpvsBackend::tend_in() const {
    if (drains_.empty() && lingering_.empty()) {
        return std::nullopt;
    }
    using std::chrono::milliseconds;
    // Counted from the last look, or changes that keep coming would put it off for ever.
    const auto due = std::chrono::ceil<milliseconds>(tended_at_ + kDrainPeriod - now_());
    return std::clamp(due, milliseconds(0), milliseconds(kDrainPeriod));
}

Result<void> IpvsBackend::tend() {
    tended_at_ = now_();
    const auto servers = drains_.servers();
    auto active = kernel_->activity(servers);
    if (!active) {
        return std::unexpected(active.error());
    }
    const auto changes = drains_.settle(*active, now_());
    std::erase_if(retired_ids_, [this](const auto& retired) {
        if (drains_.closing_id(retired.first, retired.second)) {
            return false;
        }
        numbers_.release_id(retired.first, retired.second);
        return true;
    });
    if (!changes.empty()) {
        if (auto done = kernel_->commit(changes); !done) {
            return std::unexpected(std::move(done.error().error));
        }
    }
    return end_lingering();
}

}  // namespace sy::ipvs
