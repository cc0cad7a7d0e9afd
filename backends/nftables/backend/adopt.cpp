// Start, audit, teardown: everything that reads the kernel.
#include <malloc.h>

#include <algorithm>
#include <iterator>

#include "backends/nftables/backend/backend.h"
#include "backends/nftables/vocabulary.h"

namespace sy::nft {
namespace {

bool is_shared(SetId set) {
    return set == SetId::cluster_ips || set == SetId::hairpin || set == SetId::service_endpoints;
}

}  // namespace

NftBackend::NftBackend(std::unique_ptr<Kernel> kernel, Log& log, Now now)
    : log_(log), now_(std::move(now)), tables_(words_layout(), std::move(kernel), numbers_, log) {}

Result<void> NftBackend::probe() {
    return tables_.kernel().probe();
}

Result<KernelReport> NftBackend::adopt() {
    auto dumped = tables_.kernel().dump();
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
        tables_.forget();
        report.rebuilt = true;
    }
    adopted_ = Adopted(std::move(owned));
    orphaned_udp_ = OrphanedUdp(adopted_.udp_frontends());
    for (const auto& [family, id] : adopted_.ids()) {
        numbers_.reserve_id(family, id);
    }
    return report;
}

void NftBackend::adopt_table(const DumpedTable& dumped, std::vector<Element>& owned) {
    tables_.adopt(dumped);
    std::vector<Element> node = ledger_.have(ServiceName{}).own;
    for (const auto& element : dumped.elements) {
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
    lingering_.keep_leftovers(leftover, now_());
    first_pass_done_ = true;
    adopted_ = {};
    ledger_.forget_unclaimed();
    for (const auto& element : rest) {
        numbers_.release_id(element.family(), *owner_id(element));
    }
    for (const auto& element : leftover) {
        tables_.count(element, -1);
    }
    if (!leftover.empty()) {
        Transaction transaction;
        transaction.remove = unowned(leftover);
        if (const auto done = tables_.commit(transaction); done) {
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
    std::ranges::copy(lingering_.all(), std::back_inserter(elements));
    if (!first_pass_done_) {
        std::ranges::copy(adopted_.rest(), std::back_inserter(elements));
    }
    std::erase_if(elements, [&](const Element& element) { return element.family() != family; });
    return elements;
}

Result<KernelReport> NftBackend::audit() {
    auto dumped = tables_.kernel().dump();
    if (!dumped) {
        return std::unexpected(dumped.error());
    }
    KernelReport report;
    for (const auto family : kFamilies) {
        const auto found = std::ranges::find(*dumped, family, &DumpedTable::family);
        if (!tables_.present(family)) {
            continue;
        }
        if (auto done = tables_.reconcile(family, found == dumped->end() ? nullptr : &*found,
                                          content(family), report);
            !done) {
            return std::unexpected(done.error());
        }
    }
    malloc_trim(0);
    return report;
}

Result<std::unique_ptr<DriftWatch>> NftBackend::watch() {
    return tables_.watch();
}

Result<void> NftBackend::teardown() {
    auto removed = tables_.kernel().remove_tables();
    if (removed) {
        ledger_ = {};
        lingering_ = {};
        numbers_ = NumberPool();
        tables_.forget();
        facts_.reset();
        adopted_ = {};
        deferred_.clear();
        other_layout_ = false;
    }
    return removed;
}

std::vector<EndpointAddr> NftBackend::orphaned_udp_frontends() const {
    return first_pass_done_ && facts_ ? orphaned_udp_.at(*facts_) : std::vector<EndpointAddr>();
}

}  // namespace sy::nft
