// Start, audit, teardown: everything that reads the kernel.
#include <malloc.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "backends/nftables/backend/backend.h"
#include "backends/nftables/node_elements.h"
#include "backends/nftables/vocabulary.h"

namespace sy::nft {
namespace {

constexpr uint32_t kNoOwner = std::numeric_limits<uint32_t>::max();

bool is_shared(SetId set) {
    return set == SetId::cluster_ips || set == SetId::hairpin || set == SetId::service_endpoints;
}

std::vector<ElementOp> ops(const std::vector<Element>& elements) {
    std::vector<ElementOp> result;
    result.reserve(elements.size());
    for (const auto& element : elements) {
        result.push_back({element, kNoOwner});
    }
    return result;
}

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
    transaction.remove = ops(extra);
    transaction.add = ops(missing);
}

}  // namespace

NftBackend::NftBackend(std::unique_ptr<Kernel> kernel, Log& log)
    : kernel_(std::move(kernel)), log_(log) {
    for (const auto family : kFamilies) {
        reset_table(family);
    }
}

void NftBackend::reset_table(Family family) {
    table(family) = {};
    table(family).config.family = family;
    table(family).config.sizes = starting_sizes();
}

Result<void> NftBackend::probe() {
    return kernel_->probe();
}

Result<KernelReport> NftBackend::adopt() {
    auto dumped = kernel_->dump();
    if (!dumped) {
        return std::unexpected(dumped.error());
    }
    KernelReport report;
    std::vector<Element> owned;
    for (const auto& found : *dumped) {
        report.found += found.elements.size();
        if (found.same_layout) {
            adopt_table(found, owned);
        } else {
            log_.info("table " + std::string(to_string(found.family)) +
                      " switchyard has another layout: it stays until all is swapped at once");
            other_layout_ = true;
        }
    }
    if (other_layout_) {
        // Both tables are swapped in one transaction, the one that would fit as well.
        owned.clear();
        ledger_ = {};
        tables_ = {};
        for (const auto family : kFamilies) {
            reset_table(family);
            numbers_.adopt_classes(family, {});
        }
        report.rebuilt = true;
    }
    adopted_ = Adopted(std::move(owned));
    orphaned_udp_ = adopted_.udp_frontends();
    for (const auto& [family, id] : adopted_.ids()) {
        numbers_.reserve_id(family, id);
    }
    return report;
}

void NftBackend::adopt_table(const DumpedTable& dumped, std::vector<Element>& owned) {
    auto& own = table(dumped.family);
    own.present = true;
    own.config.sizes = dumped.sizes;
    own.config.classes = dumped.classes;
    own.adopted_rules = dumped.rules;
    numbers_.adopt_classes(dumped.family, dumped.classes);
    std::vector<Element> node = ledger_.have(ServiceName{}).own;
    for (const auto& element : dumped.elements) {
        ++own.used[static_cast<std::size_t>(element.set())];
        if (is_shared(element.set())) {
            ledger_.adopt_shared(element);
        } else if (owner_id(element)) {
            owned.push_back(element);
        } else {
            node.push_back(element);
        }
    }
    std::ranges::sort(node);
    ledger_.adopt(ServiceName{}, std::move(node));
}

void NftBackend::finish_first_pass(ApplyReport& report) {
    const auto rest = adopted_.rest();
    auto leftover = rest;
    std::ranges::copy(ledger_.unclaimed_shared(), std::back_inserter(leftover));
    first_pass_done_ = true;
    adopted_ = {};
    ledger_.forget_unclaimed();
    for (const auto& element : rest) {
        numbers_.release_id(element.family(), *owner_id(element));
    }
    for (const auto& element : leftover) {
        --table(element.family()).used[static_cast<std::size_t>(element.set())];
    }
    if (!leftover.empty()) {
        Transaction transaction;
        transaction.remove = ops(leftover);
        if (const auto done = commit(transaction); done) {
            ++report.transactions;
            report.writes += leftover.size();
        } else {
            log_.warning("removing what deleted Services left: " + done.error().error.message());
            if (const auto mended = audit(); !mended) {
                report.failure = mended.error();
            }
        }
    }
    // What was read at start is a multiple of what is kept.
    malloc_trim(0);
}

/// Everything that should be in the table of a family.
std::vector<Element> NftBackend::content(Family family) const {
    auto elements = ledger_.all();
    if (!first_pass_done_) {
        std::ranges::copy(adopted_.rest(), std::back_inserter(elements));
    }
    std::erase_if(elements, [&](const Element& element) { return element.family() != family; });
    return elements;
}

Result<KernelReport> NftBackend::audit() {
    auto dumped = kernel_->dump();
    if (!dumped) {
        return std::unexpected(dumped.error());
    }
    KernelReport report;
    for (const auto family : kFamilies) {
        const auto found = std::ranges::find(*dumped, family, &DumpedTable::family);
        if (!table(family).present) {
            continue;
        }
        if (auto done = reconcile(family, found == dumped->end() ? nullptr : &*found, report);
            !done) {
            return std::unexpected(done.error());
        }
    }
    malloc_trim(0);
    return report;
}

Result<void> NftBackend::reconcile(Family family, const DumpedTable* dumped, KernelReport& report) {
    auto& own = table(family);
    auto want = content(family);
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
        transaction.add = ops(want);
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
    log_.debug("table " + std::string(to_string(family)) + " switchyard was changed by others: " +
               std::to_string(report.drifted) + " differences mended");
    return {};
}

Result<std::unique_ptr<DriftWatch>> NftBackend::watch() {
    auto watch = watch_tables(kernel_->port_id());
    if (!watch) {
        return std::unexpected(watch.error());
    }
    std::shared_ptr<TableWatch> shared = std::move(*watch);
    watch_ = shared;
    return std::make_unique<SharedWatch>(std::move(shared));
}

std::expected<void, CommitError> NftBackend::commit(const Transaction& transaction) {
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

Result<void> NftBackend::teardown() {
    auto removed = kernel_->remove_tables();
    if (removed) {
        ledger_ = {};
        numbers_ = {};
        tables_ = {};
        facts_.reset();
        adopted_ = {};
        deferred_.clear();
        other_layout_ = false;
        for (const auto family : kFamilies) {
            reset_table(family);
        }
    }
    return removed;
}

std::vector<EndpointAddr> NftBackend::orphaned_udp_frontends() const {
    std::vector<EndpointAddr> result;
    if (!first_pass_done_ || !facts_) {
        return result;
    }
    for (const auto& frontend : orphaned_udp_) {
        if (!frontend.ip.is_unspecified()) {
            result.push_back(frontend);
            continue;
        }
        for (const auto& address : facts_->nodeport_addresses) {
            if (address.family() == frontend.ip.family()) {
                result.push_back({address, frontend.port});
            }
        }
    }
    return result;
}

}  // namespace sy::nft
