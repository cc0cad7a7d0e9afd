#include "tests/netns/outside_view.h"

#include <sstream>

namespace sy::lab {
namespace {

constexpr const char* kForeign = R"(
table ip foreign {
	set watched {
		type ipv4_addr
		elements = { 10.96.0.1, 192.168.50.1 }
	}

	map frontends {
		type inet_service : ipv4_addr
		elements = { 80 : 10.0.0.1 }
	}

	chain services {
		counter packets 0 bytes 0 accept
	}

	chain prerouting {
		type nat hook prerouting priority dstnat + 50; policy accept;
		ip daddr 10.255.0.1 dnat to 10.255.0.2
	}
}
table ip6 kubelet {
	chain services {
		ip6 daddr fd00::1 accept
	}
}
table inet filter {
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state invalid counter packets 0 bytes 0 accept
	}
}
)";

std::vector<Damage> nftables_damages(Family family) {
    const std::string table = family == Family::ipv4 ? "ip" : "ip6";
    const std::string key = cluster_ip(family, 1).to_string() + " . tcp . 80";
    const auto nft = [](std::string what, const std::string& script) {
        return Damage{std::move(what), {"nft", script}};
    };
    return {
        nft("the whole ruleset flushed", "flush ruleset"),
        nft("the table deleted", "delete table " + table + " switchyard"),
        nft("a map flushed", "flush map " + table + " switchyard frontends"),
        nft("a chain flushed", "flush chain " + table + " switchyard services"),
        nft("a base chain flushed", "flush chain " + table + " switchyard prerouting"),
        nft("an element deleted",
            "delete element " + table + " switchyard frontends { " + key + " }"),
        nft("a rule inserted", "insert rule " + table + " switchyard services accept"),
        nft("a foreign element added", "add element " + table + " switchyard frontends { " +
                                           cluster_ip(family, 99).to_string() +
                                           " . tcp . 80 : 0:0 }"),
        nft("a foreign chain added", "add chain " + table + " switchyard intruder"),
        nft("two things at once", "flush chain " + table + " switchyard postrouting; flush map " +
                                      table + " switchyard endpoints"),
    };
}

std::multiset<std::string> words(const std::string& text) {
    std::multiset<std::string> all;
    std::istringstream in(text);
    for (std::string word; in >> word;) {
        if (word.ends_with(',')) {
            word.pop_back();
        }
        all.insert(word);
    }
    return all;
}

std::string list(const Lab& lab, const std::vector<std::string>& command) {
    Result<std::string> out = must_run_in(lab.at(Place::node), command);
    return out ? *out : "error: " + out.error().message();
}

}  // namespace

std::vector<Damage> damages(const BackendEntry& entry, Family family) {
    if (entry.name == "nftables") {
        return nftables_damages(family);
    }
    ADD_FAILURE() << "teach outside_view.cpp how " << entry.name << " can be damaged";
    return {};
}

std::string leftovers(const Lab& lab, const BackendEntry& entry) {
    if (entry.name == "nftables") {
        return list(lab, {"nft", "list", "ruleset"});
    }
    ADD_FAILURE() << "teach outside_view.cpp how " << entry.name << " is listed";
    return {};
}

Result<Relisted> relist(const Lab& lab, const BackendEntry& entry) {
    if (entry.name != "nftables") {
        return fail("teach outside_view.cpp how it is listed", std::string(entry.name));
    }
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
    return Relisted{words(*here), words(*there)};
}

uint64_t stray_drops(const Lab& lab, const BackendEntry& entry, Family family) {
    if (entry.name != "nftables") {
        ADD_FAILURE() << "teach outside_view.cpp how " << entry.name << " counts stray segments";
        return 0;
    }
    const std::string table = family == Family::ipv4 ? "ip" : "ip6";
    std::istringstream lines(list(lab, {"nft", "list", "table", table, "switchyard"}));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find("counter packets ");
        if (line.find("ct state invalid") != std::string::npos && at != std::string::npos) {
            return std::stoull(line.substr(at + 16));
        }
    }
    return 0;
}

void plant_foreign(const Lab& lab) {
    const auto planted = must_run_in(lab.at(Place::node), {"nft", "-f", "-"}, kForeign);
    EXPECT_TRUE(planted) << planted.error().message();
}

std::string list_foreign(const Lab& lab) {
    return list(lab, {"nft", "list", "table", "ip", "foreign"}) +
           list(lab, {"nft", "list", "table", "ip6", "kubelet"}) +
           list(lab, {"nft", "-s", "list", "table", "inet", "filter"});
}

void remove_foreign(const Lab& lab) {
    for (const char* table : {"ip foreign", "ip6 kubelet", "inet filter"}) {
        (void)must_run_in(lab.at(Place::node), {"nft", std::string("delete table ") + table});
    }
}

}  // namespace sy::lab
