#include "backends/nftables/layout.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

#include <algorithm>
#include <charconv>

namespace sy::nft {

std::optional<SetId> Layout::set_named(std::string_view name) const {
    const auto found = std::ranges::find(sets, name, [](SetId set) { return schema(set).name; });
    return found == sets.end() ? std::nullopt : std::optional(*found);
}

Table describe(const TableConfig& config) {
    return config.layout->describe(config);
}

std::optional<Statement> local_source(const TableConfig& config, bool negated) {
    if (const auto* cidrs = std::get_if<CidrDetector>(&config.detector)) {
        if (std::ranges::any_of(cidrs->cidrs,
                                [&](const Cidr& c) { return c.family() == config.family; })) {
            return InSet{{{Load::saddr}}, SetId::pod_cidrs, negated};
        }
    }
    if (const auto* iface = std::get_if<InterfaceDetector>(&config.detector)) {
        if (validate(config)) {
            return PacketInterface{iface->name, iface->is_prefix, negated};
        }
    }
    return std::nullopt;
}

Chain stray_chain() {
    // A late segment of a connection conntrack gave up would reach the client untranslated and
    // make it reset the connection.
    return {"stray",
            "segments conntrack does not know must not leave untranslated",
            Hook{"filter", "forward", NF_INET_FORWARD, NF_IP_PRI_FILTER, "filter"},
            {{HasBits{HasBits::Of::ct_state, kCtStateInvalid},
              InSet{{{Load::saddr}}, SetId::service_endpoints, false}, Count{},
              Verdict{Verdict::Kind::drop, {}}}}};
}

std::vector<Chain> class_chains(const TableConfig& config) {
    std::vector<Chain> chains;
    const auto append = [&](Chain chain) {
        if (std::ranges::find(chains, chain.name, &Chain::name) == chains.end()) {
            chains.push_back(std::move(chain));
        }
    };
    for (const auto& def : config.classes) {
        if (def.timeout != 0) {
            append(config.layout->known_chain(def.timeout));
        }
        append(config.layout->class_chain(def));
    }
    return chains;
}

std::string known_chain_name(uint32_t timeout) {
    return "known_" + std::to_string(timeout);
}

ClassElement class_element(const ClassDef& def) {
    return {def.number, {Verdict::Kind::go_to, def.chain()}};
}

std::optional<ClassDef> class_of_chain(uint32_t number, std::string_view chain) {
    ClassDef def{number, 0, 0};
    const auto read = [&chain](uint32_t& value) {
        const auto end = chain.data() + chain.size();
        const auto [rest, error] = std::from_chars(chain.data(), end, value);
        chain.remove_prefix(static_cast<std::size_t>(rest - chain.data()));
        return error == std::errc{};
    };
    const auto whole = chain;
    if (chain.starts_with("pick_")) {
        chain.remove_prefix(5);
        if (!read(def.count)) {
            return std::nullopt;
        }
    } else if (chain.starts_with("sticky_")) {
        chain.remove_prefix(7);
        if (!read(def.count) || !chain.starts_with('_')) {
            return std::nullopt;
        }
        chain.remove_prefix(1);
        if (!read(def.timeout)) {
            return std::nullopt;
        }
    }
    // The round trip refuses leading zeros, rests and a timeout of zero.
    return def.count != 0 && def.chain() == whole ? std::optional(def) : std::nullopt;
}

}  // namespace sy::nft
