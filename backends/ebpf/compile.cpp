#include "backends/ebpf/compile.h"

#include <algorithm>
#include <bit>
#include <set>
#include <span>
#include <utility>

#include "backends/slots.h"

namespace sy::ebpf {
namespace {

using Entries = std::span<const Entry>;

Entries of_kind(const std::vector<Entry>& entries, Kind kind) {
    const auto found = std::ranges::equal_range(entries, kind, {}, &Entry::kind);
    return {found.begin(), found.end()};
}

/// The entry with that index; null: there is none.
const Entry* at(Entries entries, uint32_t index) {
    const auto found = std::ranges::lower_bound(entries, index, {}, &Entry::index);
    return found != entries.end() && found->index() == index ? &*found : nullptr;
}

/// One endpoint list of a port, and the frontends that lead to it.
struct WantedList {
    Route route;
    bool inside_only = false;
    uint32_t id = 0;
};

/// Protocols the hooks see, and destinations for which no packet has to be looked at.
bool is_answerable(const PortPlan& plan, const Frontend& frontend) {
    return plan.protocol != Protocol::sctp && !frontend.check_ranges;
}

/// What the ports of one Service share while it is translated.
struct Context {
    Context(const std::vector<Entry>& before, Pools& numbers)
        : pools(numbers),
          names(of_kind(before, Kind::name)),
          services(of_kind(before, Kind::service)),
          slots(of_kind(before, Kind::slot)),
          affinity(of_kind(before, Kind::affinity)) {}

    Pools& pools;
    Entries names;
    Entries services;
    Entries slots;
    Entries affinity;
    /// Ids of `names` that this plan has again.
    std::vector<uint32_t> claimed;
    Fragment out;
};

/// Translates one service port.
class PortCompiler {
  public:
    PortCompiler(const PortPlan& plan, Context& context) : plan_(plan), context_(context) {}

    Result<void> run() {
        // Exact for a port of one list, which is nearly every one.
        auto& own = context_.out.own;
        own.reserve(own.size() + plan_.frontends.size() + 2 + (plan_.affinity_timeout ? 1U : 0U) +
                    std::max(plan_.cluster.size(), plan_.local.size()));
        for (const auto& frontend : plan_.frontends) {
            if (is_answerable(plan_, frontend)) {
                if (auto done = add_frontend(frontend); !done) {
                    return done;
                }
            }
        }
        for (const auto& list : lists_) {
            if (auto done = emit_list(list); !done) {
                return done;
            }
        }
        emit_affinity();
        return {};
    }

  private:
    Result<void> add_frontend(const Frontend& frontend) {
        const bool inside_only = frontend.inside != frontend.outside;
        auto list = std::ranges::find_if(lists_, [&](const WantedList& known) {
            return known.route == frontend.inside && known.inside_only == inside_only;
        });
        if (list == lists_.end()) {
            lists_.push_back({frontend.inside, inside_only, 0});
            list = lists_.end() - 1;
            auto id = id_for(*list);
            if (!id) {
                return std::unexpected(std::move(id.error()));
            }
            list->id = *id;
        }
        auto& own = context_.out.own;
        if (plan_.family == Family::ipv4) {
            own.push_back(Entry::frontend(frontend_key4(plan_.protocol, frontend), list->id));
        } else {
            own.push_back(Entry::frontend(frontend_key6(plan_.protocol, frontend), list->id));
        }
        return {};
    }

    Result<uint32_t> id_for(const WantedList& list) {
        const Label label{context_.pools.intern(plan_.name), plan_.family, plan_.protocol,
                          list.route.list, list.inside_only};
        for (const auto& name : context_.names) {
            auto& claimed = context_.claimed;
            if (name.label() == label &&
                std::ranges::find(claimed, name.index()) == claimed.end()) {
                claimed.push_back(name.index());
                context_.out.own.push_back(name);
                return name.index();
            }
        }
        auto id = context_.pools.take_id();
        if (id) {
            context_.out.own.push_back(Entry::name(*id, label));
        }
        return id;
    }

    Result<void> emit_list(const WantedList& list) {
        const auto& endpoints = plan_.list(list.route.list);
        uint16_t flags = list.inside_only ? SY_SERVICE_INSIDE_ONLY : 0;
        if (plan_.affinity_timeout) {
            flags |= SY_SERVICE_AFFINITY;
        }
        if (endpoints.empty()) {
            if (list.route.on_empty == OnEmpty::reject) {
                flags |= SY_SERVICE_REJECT;
            }
            context_.out.own.push_back(Entry::service(list.id, sy_service_word(0, 0, flags)));
            return {};
        }
        if (endpoints.size() > kMostEndpoints) {
            return fail("the eBPF backend is limited to " + std::to_string(kMostEndpoints) +
                        " endpoints per list, this port has " + std::to_string(endpoints.size()));
        }
        const auto count = static_cast<uint16_t>(endpoints.size());
        if (auto done = intern(endpoints); !done) {
            return done;
        }
        auto base = place(list.id, endpoints);
        if (!base) {
            return std::unexpected(std::move(base.error()));
        }
        for (std::size_t i = 0; i < indexes_.size(); ++i) {
            context_.out.own.push_back(
                Entry::slot(*base + static_cast<uint32_t>(i), sy_slot_word(indexes_[i], list.id)));
        }
        context_.out.own.push_back(Entry::service(list.id, sy_service_word(*base, count, flags)));
        return {};
    }

    /// Fills indexes_ in the order of `endpoints`.
    Result<void> intern(const std::vector<PlannedEndpoint>& endpoints) {
        indexes_.clear();
        indexes_.reserve(endpoints.size());
        auto& shared = context_.out.shared;
        shared.reserve(shared.size() + endpoints.size());
        for (const auto& endpoint : endpoints) {
            auto index = context_.pools.intern(endpoint.address);
            if (!index) {
                return std::unexpected(std::move(index.error()));
            }
            indexes_.push_back(*index);
            shared.push_back(Entry::endpoint(*index, endpoint.address));
        }
        return {};
    }

    /// Chooses a run and puts indexes_ into the order they have in it.
    Result<uint32_t> place(uint32_t id, const std::vector<PlannedEndpoint>& endpoints) {
        const auto* service = at(context_.services, id);
        const auto word = service == nullptr ? 0 : service->word();
        const auto before = sy_service_count(word);
        const auto base = sy_service_base(word);
        const auto count = static_cast<uint32_t>(indexes_.size());
        if (before > 0 && reorder(base, before, endpoints) <= 1 &&
            count <= context_.pools.room(base)) {
            return base;
        }
        return context_.pools.take_run(count);
    }

    /// Keeps as many endpoints in their slots as possible; returns how many of the `before` slots
    /// that go on being used change.
    std::size_t reorder(uint32_t base, uint16_t before,
                        const std::vector<PlannedEndpoint>& endpoints) {
        std::vector<uint32_t> old(before, 0);
        std::vector<Slot> slots;
        slots.reserve(before);
        for (uint32_t i = 0; i < before; ++i) {
            if (const auto* slot = at(context_.slots, base + i)) {
                old[i] = sy_slot_endpoint(slot->word());
                slots.push_back({i, context_.pools.endpoint(plan_.family, old[i])});
            }
        }
        std::vector<EndpointAddr> addresses;
        addresses.reserve(endpoints.size());
        for (const auto& endpoint : endpoints) {
            addresses.push_back(endpoint.address);
        }
        const auto assigned = assign_dense(addresses, slots, 0);
        std::vector<uint32_t> placed(indexes_.size());
        for (std::size_t i = 0; i < assigned.size(); ++i) {  // in the order of addresses
            placed[assigned[i].number] = indexes_[i];
        }
        indexes_ = std::move(placed);
        std::size_t changed = 0;
        for (std::size_t i = 0; i < std::min<std::size_t>(before, indexes_.size()); ++i) {
            changed += indexes_[i] != old[i] ? 1U : 0U;
        }
        return changed;
    }

    void emit_affinity() {
        if (!plan_.affinity_timeout || lists_.empty()) {
            return;
        }
        const auto group = affinity_group();
        for (const auto& list : lists_) {
            context_.out.own.push_back(
                Entry::affinity(list.id, sy_affinity_word(*plan_.affinity_timeout, group)));
        }
    }

    /// The smallest id, unless clients are remembered under another one.
    uint32_t affinity_group() const {
        const auto smallest = std::ranges::min(lists_, {}, &WantedList::id).id;
        for (const auto& list : lists_) {
            if (const auto* before = at(context_.affinity, list.id)) {
                const auto group = sy_affinity_group(before->word());
                const bool ours = std::ranges::count(lists_, group, &WantedList::id) > 0;
                return ours ? group : smallest;
            }
        }
        return smallest;
    }

    const PortPlan& plan_;
    Context& context_;
    std::vector<WantedList> lists_;
    /// Endpoint indexes of the list at hand.
    std::vector<uint32_t> indexes_;
};

void sort_unique(std::vector<Entry>& entries) {
    std::ranges::sort(entries);
    const auto rest = std::ranges::unique(entries);
    entries.erase(rest.begin(), rest.end());
}

}  // namespace

Result<Fragment> compile(const ServicePlan& plan, const Fragment& before, Pools& pools) {
    Context context(before.own, pools);
    for (const auto& port : plan.ports) {
        if (auto result = PortCompiler(port, context).run(); !result) {
            auto error = std::move(result.error());
            error.on = "Service " + plan.name.to_string();
            return std::unexpected(std::move(error));
        }
    }
    sort_unique(context.out.own);
    sort_unique(context.out.shared);
    return std::move(context.out);
}

void add_demand(const ServicePlan& plan, Pools::Demand& demand) {
    for (const auto& port : plan.ports) {
        std::set<std::pair<Route, bool>> lists;
        for (const auto& frontend : port.frontends) {
            if (is_answerable(port, frontend)) {
                lists.emplace(frontend.inside, frontend.inside != frontend.outside);
            }
        }
        demand.ids += lists.size();
        for (const auto& [route, inside_only] : lists) {
            const auto count = port.list(route.list).size();
            if (count > 0 && count <= kMostEndpoints) {
                const auto length = std::bit_ceil(static_cast<uint32_t>(count));
                demand.slots += length;
                demand.longest = std::max(demand.longest, length);
                demand.endpoints[port.family == Family::ipv4 ? 0 : 1] += count;
            }
        }
    }
}

}  // namespace sy::ebpf
