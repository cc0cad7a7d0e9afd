#include "tests/support/fake_nft_kernel.h"

#include <algorithm>
#include <cerrno>

namespace sy::nft {
namespace {

using Tables = std::map<Family, FakeTables::Table>;
using Refusal = std::optional<CommitError>;

CommitError refusal(CommitError::Reason reason, int code, std::vector<uint32_t> suspects = {}) {
    return {reason, {"commit", "fake kernel", code}, std::move(suspects)};
}

auto find_key(std::set<Element>& elements, const Element& wanted) {
    return std::ranges::find_if(elements,
                                [&](const Element& other) { return other.same_key(wanted); });
}

Refusal remove_element(Tables& tables, const ElementOp& op) {
    const auto table = tables.find(op.element.family());
    if (table == tables.end()) {
        return refusal(CommitError::Reason::drift, ENOENT);
    }
    auto& elements = table->second.elements;
    const auto found =
        elements.contains(op.element) ? elements.find(op.element) : find_key(elements, op.element);
    if (found == elements.end()) {
        return refusal(CommitError::Reason::element, ENOENT, {op.owner});
    }
    elements.erase(found);
    return {};
}

Refusal add_element(Tables& tables, const ElementOp& op, const FakeTables& state) {
    const auto table = tables.find(op.element.family());
    if (table == tables.end()) {
        return refusal(CommitError::Reason::drift, ENOENT);
    }
    if (state.poison && state.poison(op.element)) {
        return refusal(CommitError::Reason::element, EINVAL, {op.owner});
    }
    auto& own = table->second;
    // The set is ordered by family, set, then key: a neighbour with the same key is a conflict.
    const auto next = own.elements.lower_bound(op.element);
    const bool clash =
        (next != own.elements.end() && next->same_key(op.element) && *next != op.element) ||
        (next != own.elements.begin() && std::prev(next)->same_key(op.element));
    if (clash) {
        return refusal(CommitError::Reason::element, EEXIST, {op.owner});
    }
    own.elements.insert(op.element);
    const auto set = static_cast<std::size_t>(op.element.set());
    const auto size = own.config.sizes[set];
    const auto used = std::ranges::count(own.elements, op.element.set(), &Element::set);
    if (size != 0 && static_cast<uint64_t>(used) > size) {
        return refusal(CommitError::Reason::full, ENFILE);
    }
    return {};
}

Refusal change_classes(Tables& tables, const Transaction& transaction) {
    for (const auto& op : transaction.remove_classes) {
        const auto table = tables.find(op.family);
        if (table == tables.end() || std::erase(table->second.config.classes, op.def) == 0) {
            return refusal(CommitError::Reason::drift, ENOENT);
        }
    }
    for (const auto& op : transaction.add_classes) {
        const auto table = tables.find(op.family);
        if (table == tables.end()) {
            return refusal(CommitError::Reason::drift, ENOENT);
        }
        auto& classes = table->second.config.classes;
        if (std::ranges::find(classes, op.def.number, &ClassDef::number) != classes.end()) {
            return refusal(CommitError::Reason::drift, EEXIST);
        }
        classes.insert(std::ranges::lower_bound(classes, op.def), op.def);
    }
    return {};
}

Refusal change_tables(Tables& tables, const Transaction& transaction) {
    for (const auto& config : transaction.create) {
        tables[config.family] = {config, {}, false, true};
    }
    for (const auto& rewrite : transaction.rewrite) {
        const auto found = tables.find(rewrite.config.family);
        if (found == tables.end()) {
            return refusal(CommitError::Reason::drift, ENOENT);
        }
        found->second.config = rewrite.config;
        found->second.rules_edited = false;
        for (const auto set : rewrite.resized) {
            std::erase_if(found->second.elements,
                          [&](const Element& element) { return element.set() == set; });
        }
    }
    for (const auto& flush : transaction.flush) {
        const auto found = tables.find(flush.family);
        if (found == tables.end()) {
            return refusal(CommitError::Reason::drift, ENOENT);
        }
        std::erase_if(found->second.elements,
                      [&](const Element& element) { return element.set() == flush.set; });
    }
    return change_classes(tables, transaction);
}

}  // namespace

Result<std::vector<DumpedTable>> FakeKernel::dump() {
    std::vector<DumpedTable> result;
    for (const auto& [family, table] : state_.tables) {
        DumpedTable dumped;
        dumped.family = family;
        dumped.same_layout = table.same_layout;
        dumped.sizes = table.config.sizes;
        dumped.classes = table.config.classes;
        dumped.rules = rules_fingerprint(table.config) ^ (table.rules_edited ? 1U : 0U);
        dumped.elements.assign(table.elements.begin(), table.elements.end());
        result.push_back(std::move(dumped));
    }
    return result;
}

std::expected<void, CommitError> FakeKernel::commit(const Transaction& transaction) {
    if (state_.fail_next) {
        return std::unexpected(*std::exchange(state_.fail_next, std::nullopt));
    }
    auto tables = state_.tables;
    auto refused = change_tables(tables, transaction);
    for (const auto& op : transaction.remove) {
        if (!refused) {
            refused = remove_element(tables, op);
        }
    }
    for (const auto& op : transaction.add) {
        if (!refused) {
            refused = add_element(tables, op, state_);
        }
    }
    if (refused) {
        return std::unexpected(*refused);
    }
    state_.tables = std::move(tables);
    state_.committed.push_back(transaction);
    return {};
}

Result<void> FakeKernel::remove_tables() {
    state_.tables.clear();
    return {};
}

}  // namespace sy::nft
