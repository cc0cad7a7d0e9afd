#include "backends/nftables/kernel/dump.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "backends/nftables/fingerprint.h"
#include "backends/nftables/layout.h"

namespace sy::nft {
namespace {

// Everything in this file that says EINTR is tried again as a whole.
constexpr int kAttempts = 100;

template <class F>
auto retried(F&& attempt) -> decltype(attempt()) {
    auto result = attempt();
    for (int i = 1; i < kAttempts && !result && result.error().code == EINTR; ++i) {
        result = attempt();
    }
    return result;
}

// An object that vanishes between two requests means that the ruleset changed meanwhile.
Error as_interruption(Error error) {
    if (error.code == ENOENT) {
        error.code = EINTR;
    }
    return error;
}

struct FoundChain {
    ChainMessage message;
    std::vector<uint64_t> rules;
};

Result<std::optional<TableMessage>> find_table(Connection& connection, const Layout& layout,
                                               Family family) {
    std::optional<TableMessage> found;
    const auto done = connection.dump(
        {.type = NFT_MSG_GETTABLE, .family = family}, [&](const NetlinkMessage& message) {
            auto table = parse_table(message.attributes);
            if (message.family == address_family(family) && table.name == layout.table) {
                found = std::move(table);
            }
        });
    if (!done) {
        return std::unexpected(done.error());
    }
    return found;
}

Result<std::vector<FoundChain>> find_chains(Connection& connection, const Layout& layout,
                                            Family family) {
    std::vector<FoundChain> chains;
    const auto done = connection.dump(
        {.type = NFT_MSG_GETCHAIN, .family = family}, [&](const NetlinkMessage& message) {
            auto chain = parse_chain(message.attributes);
            if (message.family == address_family(family) && chain.table == layout.table) {
                chains.push_back({std::move(chain), {}});
            }
        });
    if (!done) {
        return std::unexpected(done.error());
    }
    return chains;
}

Result<void> find_rules(Connection& connection, const Layout& layout, Family family,
                        std::vector<FoundChain>& chains) {
    std::map<std::string_view, FoundChain*> by_name;
    for (auto& chain : chains) {
        by_name[chain.message.name] = &chain;
    }
    return connection.dump({.type = NFT_MSG_GETRULE, .family = family, .table = layout.table},
                           [&](const NetlinkMessage& message) {
                               const auto rule = parse_rule(message.attributes);
                               const auto chain = by_name.find(rule.chain);
                               if (rule.table == layout.table && chain != by_name.end()) {
                                   chain->second->rules.push_back(rule.fingerprint);
                               }
                           });
}

Result<std::vector<SetMessage>> find_sets(Connection& connection, const Layout& layout,
                                          Family family) {
    std::vector<SetMessage> sets;
    const auto done = connection.dump(
        {.type = NFT_MSG_GETSET, .family = family, .table = layout.table},
        [&](const NetlinkMessage& message) {
            auto set = parse_set(message.attributes);
            if (set.table == layout.table && (set.type.flags & NFT_SET_ANONYMOUS) == 0) {
                sets.push_back(std::move(set));
            }
        });
    if (!done) {
        return std::unexpected(done.error());
    }
    return sets;
}

template <class F>
Result<void> find_elements(Connection& connection, const Layout& layout, Family family, SetId set,
                           F&& f) {
    const std::function<void(const RawElement&)> each = f;
    const auto done = connection.dump(
        {.type = NFT_MSG_GETSETELEM,
         .family = family,
         .table = layout.table,
         .set = schema(set).name},
        [&](const NetlinkMessage& message) { for_each_element(message.attributes, each); });
    return done;
}

// An element that this program does not write shows as one of an impossible number.
Result<std::vector<ClassElement>> find_classes(Connection& connection, const Layout& layout,
                                               Family family) {
    std::vector<ClassElement> classes;
    const auto done =
        find_elements(connection, layout, family, SetId::classes, [&](const RawElement& raw) {
            classes.push_back(parse_class(raw).value_or(ClassElement{UINT32_MAX, {}}));
        });
    if (!done) {
        return std::unexpected(done.error());
    }
    return classes;
}

std::vector<ClassDef> class_defs(const std::vector<ClassElement>& elements) {
    std::vector<ClassDef> defs;
    for (const auto& element : elements) {
        if (const auto def = class_of_chain(element.number, element.verdict.chain)) {
            defs.push_back(*def);
        }
    }
    std::ranges::sort(defs);
    return defs;
}

bool same_sets(const std::vector<SetMessage>& sets, const Layout& layout, Family family) {
    return sets.size() == layout.sets.size() &&
           std::ranges::all_of(sets, [&](const SetMessage& set) {
               const auto id = layout.set_named(set.name);
               return id && set.type == set_type(schema(*id), family);
           });
}

// As hook_text(): what differs from every hook of ours reads differently.
std::string found_hook(const ChainMessage& chain, const Table& ours) {
    if (!chain.is_base) {
        return {};
    }
    for (const auto& own : ours.chains) {
        if (own.hook && own.name == chain.name && own.hook->type == chain.type &&
            own.hook->number == chain.hook && own.hook->priority == chain.priority &&
            chain.policy == NF_ACCEPT) {
            return hook_text(*own.hook);
        }
    }
    return "unknown";
}

bool same_hooks(const std::vector<FoundChain>& chains, const Table& ours) {
    std::size_t found = 0;
    for (const auto& chain : chains) {
        const auto hook = found_hook(chain.message, ours);
        if (hook == "unknown") {
            return false;
        }
        found += hook.empty() ? 0 : 1;
    }
    return found == static_cast<std::size_t>(std::ranges::count_if(
                        ours.chains, [](const Chain& c) { return c.hook.has_value(); }));
}

uint64_t fingerprint_of(const std::vector<FoundChain>& chains,
                        const std::vector<ClassElement>& classes, const Table& ours) {
    std::vector<ChainPrint> prints;
    prints.reserve(chains.size());
    for (const auto& chain : chains) {
        prints.push_back({chain.message.name, found_hook(chain.message, ours), chain.rules});
    }
    return combined_fingerprint(std::move(prints), classes);
}

Result<void> read_sets(Connection& connection, const Layout& layout, DumpedTable& table,
                       const std::vector<SetMessage>& sets) {
    for (const auto& set : sets) {
        const auto id = layout.set_named(set.name);
        if (!id) {
            continue;
        }
        table.sizes[static_cast<std::size_t>(*id)] = set.size;
        if (schema(*id).dynamic || schema(*id).verdicts) {
            continue;
        }
        ElementCollector collector(table.family, *id, table.elements);
        const auto done = find_elements(connection, layout, table.family, *id,
                                        [&](const RawElement& raw) { collector.add(raw); });
        if (!done) {
            return done;
        }
        collector.finish();
        table.same_layout = table.same_layout && collector.malformed() == 0;
    }
    return {};
}

Result<std::optional<DumpedTable>> dump_table(Connection& connection, const Layout& layout,
                                              Family family) {
    const auto table = find_table(connection, layout, family);
    if (!table) {
        return std::unexpected(table.error());
    }
    if (!*table) {
        return std::nullopt;
    }
    auto chains = find_chains(connection, layout, family);
    if (!chains) {
        return std::unexpected(chains.error());
    }
    if (const auto done = find_rules(connection, layout, family, *chains); !done) {
        return std::unexpected(as_interruption(done.error()));
    }
    const auto sets = find_sets(connection, layout, family);
    if (!sets) {
        return std::unexpected(as_interruption(sets.error()));
    }
    TableConfig config;
    config.layout = &layout;
    config.family = family;
    const auto ours = describe(config);
    DumpedTable dumped;
    dumped.family = family;
    dumped.same_layout = (*table)->flags == 0 &&
                         (*table)->fingerprint == layout_fingerprint(layout, family) &&
                         same_sets(*sets, layout, family) && same_hooks(*chains, ours);
    if (!dumped.same_layout) {
        return dumped;
    }
    const auto classes = find_classes(connection, layout, family);
    if (!classes) {
        return std::unexpected(as_interruption(classes.error()));
    }
    dumped.classes = class_defs(*classes);
    dumped.rules = fingerprint_of(*chains, *classes, ours);
    if (const auto done = read_sets(connection, layout, dumped, *sets); !done) {
        return std::unexpected(as_interruption(done.error()));
    }
    return dumped;
}

Result<std::vector<PresentTable>> list_chains_once(Connection& connection, const Layout& layout) {
    std::vector<PresentTable> tables;
    for (const auto family : kFamilies) {
        const auto chains = find_chains(connection, layout, family);
        if (!chains) {
            return std::unexpected(chains.error());
        }
        if (chains->empty()) {
            continue;
        }
        PresentTable table{family, {}, {}};
        for (const auto& chain : *chains) {
            table.chains.push_back(chain.message.name);
        }
        if (const auto classes = find_classes(connection, layout, family)) {
            table.classes = class_defs(*classes);
        } else if (classes.error().code != ENOENT) {
            return std::unexpected(classes.error());
        }
        tables.push_back(std::move(table));
    }
    return tables;
}

}  // namespace

Result<std::vector<DumpedTable>> dump_tables(Connection& connection, const Layout& layout) {
    std::vector<DumpedTable> tables;
    for (const auto family : kFamilies) {
        auto table = retried([&] { return dump_table(connection, layout, family); });
        if (!table) {
            return std::unexpected(table.error());
        }
        if (*table) {
            tables.push_back(std::move(**table));
        }
    }
    return tables;
}

Result<std::vector<PresentTable>> list_chains(Connection& connection, const Layout& layout) {
    return retried([&] { return list_chains_once(connection, layout); });
}

}  // namespace sy::nft
