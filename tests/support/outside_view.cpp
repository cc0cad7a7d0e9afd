#include "tests/support/outside_view.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "tests/support/bpf_view.h"

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

bool is_nftables(const BackendEntry& entry) {
    return entry.name == "nftables";
}
/// Translates sockets; and has the table of nftables for everything else.
bool is_ebpf(const BackendEntry& entry) {
    return entry.name == "ebpf";
}

/// Whether the socket layer answers for such a client, given a destination it answers for. Sources
/// that are fixed before the endpoint is known are left to the packet path on the node (they may be
/// wrong for the endpoint), not in pods (they have one); so is every pod under masquerade-all, as
/// nothing between a pod and an endpoint could hide the pod's address.
bool translates_socket(const NodeFacts& facts, const Flow& flow) {
    if (flow.kind != Flow::Kind::tcp && flow.kind != Flow::Kind::udp) {
        return false;
    }
    switch (flow.from) {
        case Place::node:
            return flow.any_source;
        case Place::pod1:
        case Place::pod2:
            return !facts.masquerade_all;
        default:
            return false;
    }
}

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

/// Key of an element of the backend's frontends, as bytes for bpftool.
std::string frontend_key(const IpAddr& address, unsigned port) {
    std::string bytes;
    for (const uint8_t byte : address.bytes()) {
        bytes += std::to_string(byte) + " ";
    }
    constexpr unsigned kTcp = 6;
    return bytes + std::to_string(port / 256) + " " + std::to_string(port % 256) + " " +
           std::to_string(kTcp) + " 0";
}

std::vector<Damage> ebpf_damages(const Lab& lab, Family family) {
    const std::string version = family == Family::ipv4 ? "4" : "6";
    const std::string links = lab.bpf_root() + "/links";
    const auto shell = [](std::string what, const std::string& script) {
        return Damage{std::move(what), {"sh", "-ec", script}};
    };
    const auto pin = [&](const std::string& map) {
        return "$(echo " + lab.bpf_root() + "/*/" + map + ")";
    };
    const auto element = [&](const std::string& verb, const std::string& map,
                             const std::string& key) {
        return "bpftool map " + verb + " pinned " + pin(map) + " key " + key;
    };
    const std::string web = frontend_key(cluster_ip(family, 1), 80);
    const std::string nobody = frontend_key(cluster_ip(family, 99), 80);
    return {
        shell("all pins removed", "rm -r " + lab.bpf_root() + "/*"),
        shell("the pin of a link removed", "rm " + links + "/connect" + version),
        shell("a link detached", "bpftool link detach pinned " + links + "/connect" + version),
        shell("the pin of a map removed", "rm " + pin("frontends" + version)),
        shell("a frontend deleted", element("delete", "frontends" + version, web)),
        shell("a foreign frontend added",
              element("update", "frontends" + version, nobody) + " value 1 0 0 0 1 2 3 4"),
        shell("a frontend that leads elsewhere",
              element("update", "frontends" + version, web) + " value 77 0 0 0 1 2 3 4"),
        shell("services overwritten",
              element("update", "services", "1 0 0 0") + " value 0 0 0 0 0 0 0 0; " +
                  element("update", "services", "2 0 0 0") + " value 0 0 0 0 0 0 0 0"),
        shell("a link and the table", "rm " + links + "/connect" + version + "; nft flush ruleset"),
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

std::set<std::string> as_shown(const BackendEntry& entry, const NodeFacts& facts, const Flow& flow,
                               std::set<std::string> expected) {
    if (!is_ebpf(entry) || !translates_socket(facts, flow)) {
        return expected;
    }
    // The source is chosen for the endpoint's sake, and nothing on the way changes it: endpoints
    // always see the client's own address. That holds for destinations whose packets would be
    // masqueraded (NodePorts, external IPs, load balancers), for a pod that reaches itself, and for
    // pods that the detector does not know.
    std::set<std::string> shown;
    for (std::string word : expected) {
        constexpr std::string_view kMasqueraded = " masq";
        if (word.ends_with(kMasqueraded)) {
            word.replace(word.size() - kMasqueraded.size(), std::string::npos, " kept");
        }
        shown.insert(std::move(word));
    }
    return shown;
}

std::vector<Damage> damages(const Lab& lab, const BackendEntry& entry, Family family) {
    if (is_nftables(entry)) {
        return nftables_damages(family);
    }
    if (is_ebpf(entry)) {
        std::vector<Damage> all = ebpf_damages(lab, family);
        std::ranges::move(nftables_damages(family), std::back_inserter(all));
        return all;
    }
    ADD_FAILURE() << "teach outside_view.cpp how " << entry.name << " can be damaged";
    return {};
}

std::string leftovers(const Lab& lab, const BackendEntry& entry) {
    if (is_nftables(entry)) {
        return list(lab, {"nft", "list", "ruleset"});
    }
    if (is_ebpf(entry)) {
        return list(lab, {"nft", "list", "ruleset"}) + list_tree(lab.bpf_root()) +
               attached_programs(*lab.cgroup());
    }
    ADD_FAILURE() << "teach outside_view.cpp how " << entry.name << " is listed";
    return {};
}

Result<Relisted> relist(const Lab& lab, const BackendEntry& entry) {
    // Maps are in no tool's words; the packet path is.
    if (!is_nftables(entry) && !is_ebpf(entry)) {
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
    if (!is_nftables(entry) && !is_ebpf(entry)) {
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
