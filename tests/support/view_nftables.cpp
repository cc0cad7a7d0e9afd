// The nftables backend, and any other table of nftables, from outside.
#include <sstream>

#include "tests/support/nft_table_view.h"

namespace sy::lab {
std::vector<Damage> NftTableView::damages(const Lab& /*lab*/, Family family) const {
    const std::string table = (family == Family::ipv4 ? "ip " : "ip6 ") + table_ + " ";
    const std::string key = cluster_ip(family, 1).to_string() + " . tcp . 80";
    const auto nft = [](std::string what, const std::string& script) {
        return Damage{std::move(what), {"nft", script}};
    };
    return {
        nft("the whole ruleset flushed", "flush ruleset"),
        nft("the table deleted", "delete table " + table),
        nft("a map flushed", "flush map " + table + "frontends"),
        nft("a chain flushed", "flush chain " + table + "services"),
        nft("a base chain flushed", "flush chain " + table + "postrouting"),
        nft("an element deleted", "delete element " + table + "frontends { " + key + " }"),
        nft("a rule inserted", "insert rule " + table + "services accept"),
        nft("a foreign element added", "add element " + table + "frontends { " +
                                           cluster_ip(family, 99).to_string() +
                                           " . tcp . 80 : 0 }"),
        nft("a foreign chain added", "add chain " + table + "intruder"),
        nft("two things at once",
            "flush chain " + table + "services; flush map " + table + other_map_),
    };
}

std::string NftTableView::leftovers(const Lab& lab) const {
    return listed(lab, {"nft", "list", "ruleset"});
}

Result<Relisted> NftTableView::relist(const Lab& lab) const {
    const NetNs& node = lab.at(Place::node);
    const Result<NetNs> empty = NetNs::create();
    const Result<std::string> text = must_run_in(node, {"nft", "list", "ruleset"});
    if (!empty || !text) {
        return std::unexpected(empty ? text.error() : empty.error());
    }
    if (Result<std::string> loaded = must_run_in(*empty, {"nft", "-f", "-"}, *text); !loaded) {
        return std::unexpected(loaded.error());
    }
    const std::vector<std::string> stateless{"nft", "-s", "list", "ruleset"};
    const Result<std::string> here = must_run_in(node, stateless);
    const Result<std::string> there = must_run_in(*empty, stateless);
    if (!here || !there) {
        return std::unexpected(here ? there.error() : here.error());
    }
    return Relisted{words_of(*here), words_of(*there)};
}

uint64_t NftTableView::stray_drops(const Lab& lab, Family family) const {
    const std::string table = family == Family::ipv4 ? "ip" : "ip6";
    std::istringstream lines(listed(lab, {"nft", "list", "table", table, table_}));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find("counter packets ");
        if (line.find("ct state invalid") != std::string::npos && at != std::string::npos) {
            return std::stoull(line.substr(at + 16));
        }
    }
    return 0;
}

std::unique_ptr<OutsideView> view_of_nftables() {
    return std::make_unique<NftTableView>("switchyard", "endpoints");
}

}  // namespace sy::lab
