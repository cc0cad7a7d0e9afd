// Start, audit, teardown: everything that reads the kernel.
#include <malloc.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "backends/iptables/backend/backend.h"
#include "backends/iptables/text.h"

namespace sy::iptables {
namespace {

constexpr uint32_t kNoOwner = std::numeric_limits<uint32_t>::max();

bool is_shared(Role role) {
    return role == Role::cluster_ip || role == Role::endpoint || role == Role::hairpin;
}

bool is_node_wide(Role role) {
    return role == Role::node_port_ip || role == Role::service_cidr || role == Role::pod_cidr;
}

/// Lines of a leaf; rules of one frontend stand together.
std::vector<TreeLine> lines_of(Family family, TreeId tree, const Chain& chain) {
    std::vector<TreeLine> lines;
    for (const auto& rule : chain.rules) {
        const auto key = line_key_of(family, tree, rule);
        if (!key) {
            continue;
        }
        if (lines.empty() || lines.back().key != *key) {
            lines.push_back({*key, RawRules{}});
        }
        std::get<RawRules>(lines.back().target).rules.push_back(rule);
    }
    return lines;
}

/// The list a chain is of; nothing if the rest of its name is no id of a port.
std::optional<ListChain> list_of(Family family, const Chain& chain) {
    ListChain found{.family = family, .list = ListId::cluster, .port = {}, .content = {}};
    const auto size = found.port.text.size();
    if (chain.name.size() < size) {
        return std::nullopt;
    }
    std::ranges::copy(chain.name.substr(chain.name.size() - size), found.port.text.begin());
    found.content = RawRules{chain.rules};
    for (const auto list : {ListId::cluster, ListId::local}) {
        if (list_chain_name(list, found.port) == chain.name) {
            found.list = list;
            return found;
        }
    }
    return std::nullopt;
}

template <class T>
std::vector<T> in_first_only(std::vector<T> first, std::vector<T> second) {
    std::ranges::sort(first);
    std::ranges::sort(second);
    std::vector<T> result;
    std::ranges::set_difference(first, second, std::back_inserter(result));
    return result;
}

}  // namespace

IptablesBackend::Side::Side(Family f)
    : family(f),
      trees{Tree(f, TreeId::address), Tree(f, TreeId::address_local), Tree(f, TreeId::port),
            Tree(f, TreeId::port_local)} {}

IptablesBackend::IptablesBackend(std::unique_ptr<Kernel> kernel, const IptablesSettings& settings,
                                 Log& log)
    : kernel_(std::move(kernel)),
      settings_(settings),
      log_(log),
      sides_{Side(Family::ipv4), Side(Family::ipv6)} {}

Result<void> IptablesBackend::probe() {
    return kernel_->probe();
}

Result<std::unique_ptr<DriftWatch>> IptablesBackend::watch() {
    return kernel_->watch();
}

void IptablesBackend::reset() {
    ledger_ = {};
    for (const auto family : kFamilies) {
        side(family) = Side(family);
    }
    facts_.reset();
    adopted_ = {};
    orphaned_udp_ = {};
    uncertain_ = false;
}

Result<KernelReport> IptablesBackend::adopt() {
    const auto dumped = kernel_->dump();
    if (!dumped) {
        return std::unexpected(dumped.error());
    }
    reset();
    KernelReport report;
    std::vector<Object> node;
    for (const auto& found : *dumped) {
        report.found += found.members.size() + found.sets.size() + found.nat.size() +
                        found.filter.size() + found.jumps.size();
        adopt_side(found, node);
    }
    std::ranges::sort(node);
    ledger_.adopt(ServiceName{}, std::move(node));
    orphaned_udp_ = OrphanedUdp(adopted_.udp_frontends());
    return report;
}

void IptablesBackend::adopt_side(const Dumped& dumped, std::vector<Object>& node) {
    auto& own = side(dumped.family);
    take_prints(own, dumped);
    for (const auto& member : dumped.members) {
        const auto role = member.set.role;
        if (role == Role::hairpin && !compile_options().hairpin_sets) {
            continue;  // the set goes as a whole
        }
        ++own.members[static_cast<std::size_t>(role)];
        if (is_shared(role)) {
            ledger_.adopt_shared(member);
        } else if (is_node_wide(role)) {
            node.emplace_back(member);
        } else {
            adopted_.add(member);
        }
    }
    for (const auto& set : dumped.sets) {
        if (set.set.role == Role::affinity) {
            adopted_.add(set);
        }
    }
    adopt_chains(own, dumped);
}

void IptablesBackend::adopt_chains(Side& own, const Dumped& dumped) {
    for (const auto& chain : dumped.nat) {
        if (const auto id = tree_of_chain(chain.name)) {
            for (const auto& line : lines_of(own.family, *id, chain)) {
                own.tree(*id).set(line.key, line.target);
                adopted_.add(line);
            }
            // Of another shape, perhaps.
            own.tree(*id).mark_gone(chain.name);
        } else if (auto list = list_of(own.family, chain)) {
            adopted_.add(std::move(*list));
        }
    }
}

void IptablesBackend::take_prints(Side& own, const Dumped& dumped) {
    own.nat.clear();
    own.filter.clear();
    own.sets.clear();
    for (const auto& chain : dumped.nat) {
        own.nat[chain.name] = fingerprint(chain);
    }
    for (const auto& chain : dumped.filter) {
        own.filter[chain.name] = fingerprint(chain);
    }
    for (const auto& set : dumped.sets) {
        own.sets.insert(set.set);
    }
    own.jumps = dumped.jumps;
}

void IptablesBackend::finish_first_pass(ApplyReport& report) {
    Book::Stage leftover;
    for (auto& object : adopted_.rest()) {
        leftover.remove.push_back({std::move(object), kNoOwner});
    }
    for (auto& object : ledger_.unclaimed_shared()) {
        leftover.remove.push_back({std::move(object), kNoOwner});
    }
    first_pass_done_ = true;
    adopted_ = {};
    ledger_.forget_unclaimed();
    set_lines(leftover);
    if (const auto done = commit(transaction_for(work_of(leftover)), report); !done) {
        log_.warning("removing what deleted Services left: " + done.error().error.message());
        if (const auto mended = audit(); !mended) {
            report.failure = mended.error();
        }
    }
    // What was read at start is a multiple of what is kept.
    malloc_trim(0);
}

/// Everything that should be in the kernel for a family, but for what follows from the trees.
std::vector<Object> IptablesBackend::content(Family family) const {
    auto objects = ledger_.all();
    std::ranges::move(adopted_.rest(), std::back_inserter(objects));
    std::erase_if(objects, [&](const Object& object) {
        if (const auto* member = std::get_if<Member>(&object)) {
            return member->set.family != family;
        }
        if (const auto* set = std::get_if<SetDef>(&object)) {
            return set->set.family != family;
        }
        const auto* list = std::get_if<ListChain>(&object);
        return list == nullptr || list->family != family;
    });
    return objects;
}

Result<KernelReport> IptablesBackend::audit() {
    const auto dumped = kernel_->dump();
    if (!dumped) {
        return std::unexpected(dumped.error());
    }
    KernelReport report;
    Work work;
    for (const auto& found : *dumped) {
        if (!works(found.family)) {
            continue;
        }
        auto& own = side(found.family);
        report.found += found.members.size() + found.sets.size() + found.nat.size() +
                        found.filter.size() + found.jumps.size();
        report.rebuilt |= !own.nat.empty() && found.nat.empty();
        take_stock(own, found);
        add_differences(own, found, work);
    }
    ApplyReport applied;
    if (const auto done = commit(transaction_for(std::move(work)), applied); !done) {
        return std::unexpected(done.error().error);
    }
    uncertain_ = false;
    report.drifted = applied.writes;
    if (applied.writes > 0) {
        log_.debug("rules or sets were not as written: " + std::to_string(applied.writes) +
                   " differences mended");
    }
    malloc_trim(0);
    return report;
}

/// Whatever we took for known may be different.
void IptablesBackend::take_stock(Side& own, const Dumped& dumped) {
    take_prints(own, dumped);
    own.members = {};
    for (const auto& member : dumped.members) {
        ++own.members[static_cast<std::size_t>(member.set.role)];
    }
    for (auto& tree : own.trees) {
        tree.mark_all();
    }
    for (const auto& [name, print] : own.nat) {
        if (const auto id = tree_of_chain(name)) {
            own.tree(*id).mark_gone(name);
        }
    }
    own.constant_due = true;
}

void IptablesBackend::add_differences(const Side& own, const Dumped& dumped, Work& work) const {
    std::vector<Member> members;
    std::vector<SetRef> sets;
    const auto index = own.family == Family::ipv4 ? 0U : 1U;
    for (const auto& object : content(own.family)) {
        if (const auto* member = std::get_if<Member>(&object)) {
            members.push_back(*member);
        } else if (const auto* set = std::get_if<SetDef>(&object)) {
            sets.push_back(set->set);
            if (!own.sets.contains(set->set)) {
                work.create.push_back(*set);
            }
        } else if (const auto* list = std::get_if<ListChain>(&object)) {
            work.lists[index].push_back(chain_of(*list));
        }
    }
    for (const auto& member : in_first_only(members, dumped.members)) {
        work.add.push_back({member, false, kNoOwner});
    }
    for (const auto& member : in_first_only(dumped.members, members)) {
        work.remove.push_back({member, true, kNoOwner});
    }
    for (const auto& set : in_first_only({own.sets.begin(), own.sets.end()}, sets)) {
        if (set.role == Role::affinity) {
            work.destroy.push_back(set);
        }
    }
    for (const auto& [name, print] : own.nat) {
        if (is_list_chain(name)) {
            work.gone[index].push_back(name);
        }
    }
}

Result<void> IptablesBackend::teardown() {
    auto removed = kernel_->remove_all();
    if (removed) {
        reset();
    }
    return removed;
}

std::vector<EndpointAddr> IptablesBackend::orphaned_udp_frontends() const {
    return first_pass_done_ && facts_ ? orphaned_udp_.at(*facts_) : std::vector<EndpointAddr>();
}

}  // namespace sy::iptables
