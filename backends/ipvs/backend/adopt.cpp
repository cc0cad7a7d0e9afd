// Start, audit, teardown: everything that reads the kernel.
#include <malloc.h>

#include <algorithm>
#include <iterator>

#include "backends/ipvs/backend/backend.h"
#include "backends/ipvs/elements.h"
#include "backends/ipvs/layout.h"
#include "backends/ipvs/word.h"

namespace sy::ipvs {
namespace {

bool is_shared(nft::SetId set) {
    return set == nft::SetId::cluster_ips || set == nft::SetId::vips ||
           set == nft::SetId::hairpin || set == nft::SetId::service_endpoints;
}

}  // namespace

IpvsBackend::IpvsBackend(std::unique_ptr<Kernel> kernel, std::unique_ptr<nft::Kernel> tables,
                         IpvsSettings settings, Log& log, Now now)
    : kernel_(std::move(kernel)),
      settings_(std::move(settings)),
      log_(log),
      now_(std::move(now)),
      numbers_(kMaxId),
      tables_(marks_layout(), std::move(tables), numbers_, log) {}

Result<void> IpvsBackend::probe() {
    if (auto done = tables_.kernel().probe(); !done) {
        return done;
    }
    return kernel_->probe();
}

Result<KernelReport> IpvsBackend::adopt() {
    auto found = kernel_->dump();
    if (!found) {
        return std::unexpected(found.error());
    }
    auto dumped = tables_.kernel().dump();
    if (!dumped) {
        return std::unexpected(dumped.error());
    }
    KernelReport report;
    report.found = found->servers.size() + found->destinations.size() + found->routes.size();
    std::vector<nft::Element> owned;
    for (const auto& table : *dumped) {
        report.found += table.elements.size();
        if (table.same_layout) {
            adopt_table(table, owned);
        } else {
            log_.info("table " + std::string(to_string(table.family)) + " " +
                      std::string(marks_layout().table) +
                      " has another layout: it stays until all is swapped at once");
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
    adopted_ = Adopted(owned, *found);
    orphaned_udp_ = OrphanedUdp(adopted_.udp_frontends());
    for (const auto& [family, id] : adopted_.ids()) {
        numbers_.reserve_id(family, id);
    }
    routes_ = {found->routes.begin(), found->routes.end()};
    for (const auto& server : found->servers) {
        if (server.scheduler != settings_.scheduler) {
            rescheduled_.push_back(server.key);
        }
    }
    take_drains(*found);
    return report;
}

void IpvsBackend::adopt_table(const nft::DumpedTable& dumped, std::vector<nft::Element>& owned) {
    tables_.adopt(dumped);
    std::vector<Object> node = ledger_.have(ServiceName{}).own;
    for (const auto& element : dumped.elements) {
        if (is_shared(element.set())) {
            ledger_.adopt_shared(element);
        } else if (named_id(element)) {
            owned.push_back(element);
        } else {
            node.emplace_back(element);
        }
    }
    std::ranges::sort(node);
    ledger_.adopt(ServiceName{}, std::move(node));
}

/// What drained goes on to drain; for how long already, nobody remembers.
void IpvsBackend::take_drains(const Dumped& dumped) {
    for (const auto& destination : dumped.destinations) {
        if (destination.weight == 0) {
            drains_.begin(destination.server, destination.address, now_());
        }
    }
}

Result<void> IpvsBackend::look_around(const NodeFacts& facts) {
    auto addresses = kernel_->interface_addresses();
    if (!addresses) {
        return std::unexpected(addresses.error());
    }
    auto around = locality_of(facts, std::move(*addresses));
    if (around == around_) {
        return {};
    }
    // What the table holds back, and every route, depends on it.
    std::vector<nft::ElementOp> leave;
    std::vector<nft::ElementOp> come;
    const auto all = elements_of(wanted());
    for (const auto& element : all) {
        const bool before = is_held_back(around_, element);
        const bool after = is_held_back(around, element);
        if (before != after) {
            (after ? leave : come).push_back({element, 0});
        }
    }
    Split difference;
    difference.remove_elements = std::move(leave);
    difference.add_elements = std::move(come);
    const auto routes = routes_for(around, all);
    for (const auto& route : routes) {
        if (!routes_.contains(route)) {
            difference.add_routes.push_back({.route = route});
        }
    }
    ApplyReport ignored;
    if (auto done = add_routes(difference, ignored); !done) {
        return std::unexpected(done.error().error);
    }
    if (!difference.remove_elements.empty() || !difference.add_elements.empty()) {
        if (auto done = write_table(difference, {}, ignored); !done) {
            return std::unexpected(done.error().error);
        }
    }
    around_ = std::move(around);
    if (first_pass_done_) {
        remove_other_routes();
    }
    return {};
}

/// Routes that no Service and no ServiceCIDR asks for.
void IpvsBackend::remove_other_routes() {
    const auto want = routes_for(around_, elements_of(wanted()));
    Split difference;
    for (const auto& route : routes_) {
        // One of another source was replaced when that of this network was added.
        if (std::ranges::find(want, route.network, &LocalRoute::network) == want.end()) {
            difference.remove_routes.push_back({.route = route, .remove = true});
        }
    }
    ApplyReport ignored;
    remove_routes(difference, ignored);
    routes_ = {want.begin(), want.end()};
}

/// Everything that should be in the kernel.
std::vector<Object> IpvsBackend::wanted() const {
    auto objects = ledger_.all();
    if (!first_pass_done_) {
        std::ranges::copy(adopted_.rest(), std::back_inserter(objects));
    }
    for (const auto& [element, since] : lingering_) {
        objects.emplace_back(element);
    }
    return objects;
}

/// Everything that should be in the table of a family.
std::vector<nft::Element> IpvsBackend::content(Family family) const {
    auto elements = elements_of(wanted());
    std::erase_if(elements, [&](const nft::Element& element) {
        return element.family() != family || is_held_back(around_, element);
    });
    return elements;
}

Result<std::unique_ptr<DriftWatch>> IpvsBackend::watch() {
    return tables_.watch();
}

std::vector<MapFill> IpvsBackend::fill() const {
    return tables_.fill();
}

Result<void> IpvsBackend::teardown() {
    // Without its servers a VIP is refused by the table; without the table the host would answer.
    if (auto done = kernel_->remove_all(); !done) {
        return done;
    }
    auto removed = tables_.kernel().remove_tables();
    if (removed) {
        ledger_ = {};
        numbers_ = nft::NumberPool(kMaxId);
        tables_.forget();
        drains_ = {};
        retired_ids_.clear();
        routes_.clear();
        lingering_.clear();
        around_ = {};
        facts_.reset();
        adopted_ = {};
        deferred_.clear();
        rescheduled_.clear();
        other_layout_ = false;
        prepared_ = false;
    }
    return removed;
}

std::vector<EndpointAddr> IpvsBackend::orphaned_udp_frontends() const {
    return first_pass_done_ && facts_ ? orphaned_udp_.at(*facts_) : std::vector<EndpointAddr>();
}

}  // namespace sy::ipvs
