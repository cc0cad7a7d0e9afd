#include "backends/nftables/backend/tables.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

#include "backends/nftables/node_elements.h"

namespace sy::nft {
namespace {

constexpr uint32_t kNoOwner = std::numeric_limits<uint32_t>::max();

/// The watch as its owner on the strand has it, while the backend may pause it.
class SharedWatch : public DriftWatch {
  public:
    explicit SharedWatch(std::shared_ptr<TableWatch> watch) : watch_(std::move(watch)) {}

    int fd() const override { return watch_->fd(); }
    bool drained_drift() override { return watch_->drained_drift(); }

  private:
    std::shared_ptr<TableWatch> watch_;
};

/// The differences between what the kernel has and what it should have; both are consumed.
void add_differences(std::vector<Element> want, std::vector<Element> have,
                     Transaction& transaction) {
    std::ranges::sort(want);
    std::ranges::sort(have);
    std::vector<Element> missing;
    std::vector<Element> extra;
    std::ranges::set_difference(want, have, std::back_inserter(missing));
    std::ranges::set_difference(have, want, std::back_inserter(extra));
    std::set<SetId> rewritten;
    for (auto* list : {&missing, &extra}) {
        std::erase_if(*list, [&](const Element& element) {
            const bool interval = is_node_interval(element.set());
            if (interval && rewritten.insert(element.set()).second) {
                transaction.flush.push_back({element.family(), element.set()});
            }
            return interval;
        });
    }
    std::ranges::copy_if(want, std::back_inserter(missing),
                         [&](const Element& element) { return rewritten.contains(element.set()); });
    transaction.remove = unowned(extra);
    transaction.add = unowned(missing);
}

}  // namespace

std::vector<ElementOp> unowned(const std::vector<Element>& elements) {
    std::vector<ElementOp> result;
    result.reserve(elements.size());
    for (const auto& element : elements) {
        result.push_back({element, kNoOwner});
    }
    return result;
}

Tables::Tables(const Layout& layout, std::unique_ptr<Kernel> kernel, NumberPool& numbers, Log& log)
    : layout_(layout), kernel_(std::move(kernel)), numbers_(numbers), log_(log) {
    forget();
}

void Tables::forget() {
    for (const auto family : kFamilies) {
        table(family) = {};
        table(family).config.layout = &layout_;
        table(family).config.family = family;
        table(family).config.sizes = starting_sizes(layout_);
        numbers_.adopt_classes(family, {});
    }
}

void Tables::adopt(const DumpedTable& dumped) {
    auto& own = table(dumped.family);
    own.present = true;
    own.config.sizes = dumped.sizes;
    own.config.classes = dumped.classes;
    own.adopted_rules = dumped.rules;
    numbers_.adopt_classes(dumped.family, dumped.classes);
    for (const auto& element : dumped.elements) {
        count(element, 1);
    }
}

void Tables::take_facts(const NodeFacts& facts) {
    for (const auto family : kFamilies) {
        auto& own = table(family);
        auto config = own.config;
        config.detector = facts.detector;
        config.masquerade_all = facts.masquerade_all;
        if (own.present && (config != own.config || own.adopted_rules)) {
            const auto found = own.adopted_rules.value_or(rules_fingerprint(own.config));
            own.needs_rewrite |= found != rules_fingerprint(config);
            own.adopted_rules.reset();
        }
        own.config = std::move(config);
    }
}

void Tables::count(const Element& element, int64_t by) {
    auto& used = table(element.family()).used[static_cast<std::size_t>(element.set())];
    used = static_cast<uint64_t>(static_cast<int64_t>(used) + by);
}

void Tables::drop_class(Family family, const ClassDef& def) {
    std::erase(table(family).config.classes, def);
}

void Tables::note(const Transaction& transaction) {
    for (const auto& config : transaction.create) {
        table(config.family).present = true;
        table(config.family).config = config;
        table(config.family).needs_rewrite = false;
        numbers_.mark_written(config.family);
    }
    for (const auto& rewrite : transaction.rewrite) {
        table(rewrite.config.family).config = rewrite.config;
        table(rewrite.config.family).needs_rewrite = false;
    }
    for (const auto& added : transaction.add_classes) {
        auto& classes = table(added.family).config.classes;
        classes.insert(std::ranges::lower_bound(classes, added.def), added.def);
        numbers_.mark_written(added.family);
    }
}

Result<void> Tables::reconcile(Family family, const DumpedTable* dumped, std::vector<Element> want,
                               KernelReport& report) {
    auto& own = table(family);
    own.used = {};
    for (const auto& element : want) {
        ++own.used[static_cast<std::size_t>(element.set())];
    }
    Transaction transaction;
    if (dumped == nullptr || !dumped->same_layout || dumped->classes != own.config.classes ||
        dumped->sizes != own.config.sizes) {
        report.rebuilt = true;
        report.drifted += want.size();
        transaction.create.push_back(own.config);
        transaction.add = unowned(want);
    } else {
        report.found += dumped->elements.size();
        const auto expected = own.adopted_rules.value_or(rules_fingerprint(own.config));
        if (dumped->rules != expected && !own.needs_rewrite) {
            ++report.drifted;
            transaction.rewrite.push_back({own.config, {}});
        }
        add_differences(std::move(want), dumped->elements, transaction);
        report.drifted += transaction.remove.size() + transaction.add.size();
    }
    if (transaction.empty()) {
        return {};
    }
    if (auto done = commit(transaction); !done) {
        return std::unexpected(done.error().error);
    }
    log_.debug("table " + std::string(to_string(family)) + " " + std::string(layout_.table) +
               " was changed by others: " + std::to_string(report.drifted) + " differences mended");
    return {};
}

Result<std::unique_ptr<DriftWatch>> Tables::watch() {
    auto watch = watch_tables(layout_, kernel_->port_id());
    if (!watch) {
        return std::unexpected(watch.error());
    }
    std::shared_ptr<TableWatch> shared = std::move(*watch);
    watch_ = shared;
    return std::make_unique<SharedWatch>(std::move(shared));
}

std::expected<void, CommitError> Tables::commit(const Transaction& transaction) {
    const auto watch = watch_.lock();
    const bool large = transaction.add.size() + transaction.remove.size() >= kLargeTransaction;
    const bool paused = watch && large && watch->pause();
    auto done = kernel_->commit(transaction);
    if (paused) {
        if (const auto resumed = watch->resume(done ? 1 : 0); !resumed) {
            log_.warning("changes by others may go unnoticed: " + resumed.error().message());
        }
    }
    return done;
}

std::vector<MapFill> Tables::fill() const {
    std::vector<MapFill> all;
    all.reserve(kFamilies.size() * layout_.sets.size());
    for (const Family family : kFamilies) {
        const Table& own = table(family);
        if (!own.present) {
            continue;
        }
        for (const auto id : layout_.sets) {
            const auto& set = schema(id);
            const auto i = static_cast<std::size_t>(id);
            // What the packet path fills cannot be known without asking.
            if (!set.dynamic) {
                all.push_back({.map = set.name,
                               .family = family,
                               .elements = own.used[i],
                               .capacity = own.config.sizes[i]});
            }
        }
    }
    return all;
}

}  // namespace sy::nft
