// What has to be sent for a stage: tables that are missing, sets that are too small, elements.
#include <algorithm>
#include <limits>
#include <set>
#include <unordered_set>

#include "backends/nftables/backend/tables.h"
#include "backends/nftables/node_elements.h"
#include "backends/nftables/sizes.h"

namespace sy::nft {
namespace {

constexpr uint32_t kNoOwner = std::numeric_limits<uint32_t>::max();

/// Interval sets of the node are flushed and written whole.
void flush_node_intervals(const std::vector<Element>& want, Transaction& transaction) {
    std::set<std::pair<Family, SetId>> touched;
    const auto take_out = [&](std::vector<ElementOp>& ops) {
        std::erase_if(ops, [&](const ElementOp& op) {
            if (!is_node_interval(op.element.set())) {
                return false;
            }
            touched.emplace(op.element.family(), op.element.set());
            return true;
        });
    };
    take_out(transaction.remove);
    take_out(transaction.add);
    for (const auto& [family, set] : touched) {
        transaction.flush.push_back({family, set});
    }
    for (const auto& element : want) {
        if (touched.contains({element.family(), element.set()})) {
            transaction.add.push_back({element, kNoOwner});
        }
    }
}

/// A resized set starts empty: what it held and keeps is written again in the same transaction.
void fill_resized(const Tables::Content& content, Transaction& transaction) {
    for (const auto& rewrite : transaction.rewrite) {
        if (rewrite.resized.empty()) {
            continue;
        }
        const auto family = rewrite.config.family;
        const auto is_resized = [&](const Element& element) {
            return element.family() == family &&
                   std::ranges::find(rewrite.resized, element.set()) != rewrite.resized.end();
        };
        std::unordered_set<Element> gone;
        std::erase_if(transaction.remove, [&](const ElementOp& op) {
            if (!is_resized(op.element)) {
                return false;
            }
            gone.insert(op.element);
            return true;
        });
        for (const auto& element : content(family)) {
            if (is_resized(element) && !gone.contains(element)) {
                transaction.add.push_back({element, kNoOwner});
            }
        }
    }
}

}  // namespace

Transaction Tables::transaction_for(ElementChanges changes, const Content& content) const {
    Transaction transaction;
    for (const auto family : kFamilies) {
        plan_table(family, changes, transaction);
    }
    transaction.remove = std::move(changes.remove);
    transaction.add = std::move(changes.add);
    if (changes.node != nullptr) {
        flush_node_intervals(*changes.node, transaction);
    }
    fill_resized(content, transaction);
    return transaction;
}

void Tables::plan_table(Family family, const ElementChanges& changes,
                        Transaction& transaction) const {
    const auto& own = table(family);
    std::array<int64_t, kSetCount> growth{};
    const auto count = [&](const auto& ops, int64_t by) {
        for (const auto& op : ops) {
            if (op.element.family() == family) {
                growth[static_cast<std::size_t>(op.element.set())] += by;
            }
        }
    };
    count(changes.add, 1);
    count(changes.remove, -1);

    TableConfig config = own.config;
    SetCounts counts{};
    // The first batch of a cold start tells how many elements a Service has; declare for all.
    const uint64_t batch = std::max<uint64_t>(changes.services, 1);
    const uint64_t all = own.present ? batch : std::max<uint64_t>(changes.known_services, batch);
    for (std::size_t set = 0; set < kSetCount; ++set) {
        const auto after = static_cast<int64_t>(own.used[set]) + growth[set];
        counts[set] = static_cast<uint64_t>(std::max<int64_t>(after, 0)) * all / batch;
    }
    config.sizes = sizes_for(config.sizes, counts);
    if (!own.present) {
        config.classes = numbers_.classes(family);
        transaction.create.push_back(std::move(config));
        return;
    }
    std::vector<SetId> resized;
    for (std::size_t set = 0; set < kSetCount; ++set) {
        if (config.sizes[set] != own.config.sizes[set]) {
            resized.push_back(static_cast<SetId>(set));
        }
    }
    if (own.needs_rewrite || !resized.empty()) {
        transaction.rewrite.push_back({std::move(config), std::move(resized)});
    }
    for (const auto& def : numbers_.pending(family)) {
        transaction.add_classes.push_back({family, def});
    }
}

}  // namespace sy::nft
