// From plans to changes: the companion first, then what of it the maps can answer.
#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "backends/ebpf/backend/backend.h"
#include "backends/ebpf/compile.h"
#include "backends/ebpf/node_settings.h"

namespace sy::ebpf {
namespace {

/// So many numbers wait for a grace period even if nobody needs them.
constexpr std::size_t kLargeLimbo = 16384;

/// Frontends per family.
using FrontendCounts = std::array<std::size_t, 2>;

FrontendCounts frontends_in(const Fragment& fragment) {
    FrontendCounts counts{};
    for (auto entry = fragment.own.rbegin(); entry != fragment.own.rend() && entry->is_frontend();
         ++entry) {  // they come last
        ++counts[entry->family() == Family::ipv4 ? 0 : 1];
    }
    return counts;
}

/// Keeps count of the frontends there will be, and refuses those that are too many.
class FrontendBudget {
  public:
    FrontendBudget(FrontendCounts used, uint32_t limit) : used_(used), limit_(limit) {}

    Result<void> take(const Fragment& before, const Fragment& after) {
        const auto old = frontends_in(before);
        const auto fresh = frontends_in(after);
        for (std::size_t i = 0; i < used_.size(); ++i) {
            if (fresh[i] > old[i] && used_[i] + fresh[i] - old[i] > limit_) {
                return fail("the map frontends" + std::string(i == 0 ? "4" : "6") + " is full: " +
                                std::to_string(used_[i]) + " elements in use, the limit is " +
                                std::to_string(limit_) + " (--ebpf-max-frontends)",
                            {}, kPoolFull);
            }
        }
        for (std::size_t i = 0; i < used_.size(); ++i) {
            used_[i] += fresh[i];
            used_[i] -= std::min(used_[i], old[i]);
        }
        return {};
    }

  private:
    FrontendCounts used_;
    uint32_t limit_;
};

}  // namespace

EbpfBackend::EbpfBackend(Parts parts, const EbpfSettings& settings, Log& log)
    : companion_(std::move(parts.companion)),
      kernel_(std::move(parts.kernel)),
      make_pruner_(std::move(parts.make_pruner)),
      make_reader_(std::move(parts.make_reader)),
      settings_(settings),
      log_(log),
      pools_(settings) {}

ApplyReport EbpfBackend::apply(const PlanDelta& delta, const NodeFacts& facts, bool complete) {
    auto report = companion_->apply(delta, facts, complete);
    if (report.failure) {
        return report;
    }
    if (auto done = follow(delta, facts, complete, report); !done) {
        pools_.release({});
        report.failure = std::move(done.error());
    }
    return report;
}

Result<void> EbpfBackend::follow(const PlanDelta& delta, const NodeFacts& facts, bool complete,
                                 ApplyReport& report) {
    if (auto done = make_ready(delta); !done) {
        return done;
    }
    if (auto done = take_facts(facts, report); !done) {
        return done;
    }
    make_room(delta);
    if (auto done = commit(changes_for(delta, report), report); !done) {
        return done;
    }
    if (complete && !first_pass_done_) {
        if (auto done = finish_first_pass(report); !done) {
            return done;
        }
    }
    return first_pass_done_ && !active_ ? activate(report) : Result<void>{};
}

/// There are maps, and they hold what the ledger says.
Result<void> EbpfBackend::make_ready(const PlanDelta& delta) {
    if (!maps_) {
        const auto services = std::max(delta.known_services, delta.changed.size());
        auto created = kernel_->create(starting_sizes(services, settings_), nullptr);
        if (!created) {
            return std::unexpected(std::move(created.error()));
        }
        maps_ = std::move(*created);
    }
    if (uncertain_) {
        KernelReport mended;
        return reconcile(mended);
    }
    return {};
}

/// False: they were there already.
bool EbpfBackend::store_flags(const NodeFacts& facts) {
    const std::atomic_ref<uint32_t> flags(maps_->arrays().settings->flags);
    const auto before = flags.load();
    const auto after = (before & ~kFactFlags) | fact_flags(facts);
    if (before != after) {
        flags.store(after);
    }
    return before != after;
}

Result<void> EbpfBackend::take_facts(const NodeFacts& facts, ApplyReport& report) {
    if (facts_ == facts) {
        return {};
    }
    report.writes += store_flags(facts) ? 1 : 0;
    const auto written = maps_->set_node_addresses(facts.nodeport_addresses);
    if (!written) {
        return std::unexpected(written.error());
    }
    report.writes += *written;
    report.transactions += *written > 0 ? 1 : 0;
    facts_ = facts;
    return {};
}

/// Waits for a grace period only if numbers might run short.
void EbpfBackend::make_room(const PlanDelta& delta) {
    const auto waiting = pools_.limbo();
    if (waiting == 0) {
        return;
    }
    Pools::Demand demand;
    for (const auto& plan : delta.changed) {
        add_demand(*plan, demand);
    }
    if (waiting > kLargeLimbo || !pools_.covers(demand, maps_->sizes())) {
        drain_limbo();
    }
}

void EbpfBackend::drain_limbo() {
    kernel_->grace();
    const auto arrays = maps_->arrays();
    for (const auto id : pools_.drain()) {
        clear_service(id, arrays);
    }
}

std::unique_ptr<SocketPruner> EbpfBackend::socket_pruner() {
    return make_pruner_();
}

std::unique_ptr<TrafficReader> EbpfBackend::traffic_reader() {
    return make_reader_();
}

std::vector<EbpfBackend::Change> EbpfBackend::changes_for(const PlanDelta& delta,
                                                          ApplyReport& report) {
    // What the packet path does not have yet must not change for sockets either.
    Names untouched;
    for (const auto& one : report.quarantined) {
        untouched.insert(one.service);
    }
    FrontendBudget budget({known4_.size(), known6_.size()}, settings_.max_frontends);
    std::vector<Change> changes;
    changes.reserve(delta.removed.size() + delta.changed.size());
    for (const auto& name : delta.removed) {
        const auto& before = ledger_.have(name);
        if (!before.own.empty() && !untouched.contains(name)) {
            (void)budget.take(before, {});
            changes.push_back({name, {}});
        }
    }
    for (const auto& plan : delta.changed) {
        const auto* have = &ledger_.have(plan->name);
        if (!first_pass_done_ && have->own.empty()) {
            if (auto claimed = adopted_.claim(*plan, pools_); !claimed.empty()) {
                ledger_.adopt(plan->name, std::move(claimed));
                have = &ledger_.have(plan->name);
            }
        }
        if (!untouched.empty() && untouched.contains(plan->name)) {
            continue;
        }
        const auto mark = pools_.mark();
        const auto& before = *have;
        auto fragment = compiled(*plan, before);
        if (fragment) {
            if (auto enough = budget.take(before, *fragment); !enough) {
                pools_.release(mark);
                enough.error().on = "Service " + plan->name.to_string();
                fragment = std::unexpected(std::move(enough.error()));
            }
        }
        if (!fragment) {
            // The packet path has it: sockets shall use that.
            (void)budget.take(before, {});
            report.quarantined.push_back({plan->name, std::move(fragment.error())});
            fragment = Fragment{};
        }
        changes.push_back({plan->name, std::move(*fragment)});
    }
    return changes;
}

Result<Fragment> EbpfBackend::compiled(const ServicePlan& plan, const Fragment& before) {
    const auto mark = pools_.mark();
    auto fragment = compile(plan, before, pools_);
    if (!fragment && fragment.error().code == kPoolFull && pools_.limbo() > 0) {
        pools_.release(mark);
        drain_limbo();
        fragment = compile(plan, before, pools_);
    }
    if (!fragment) {
        pools_.release(mark);
    }
    return fragment;
}

}  // namespace sy::ebpf
