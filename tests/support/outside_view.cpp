#include "tests/support/outside_view.h"

#include <gtest/gtest.h>

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

}  // namespace

std::set<std::string> OutsideView::as_shown(const NodeFacts& /*facts*/, const Flow& /*flow*/,
                                            std::set<std::string> expected) const {
    return expected;
}

std::multiset<std::string> words_of(const std::string& text) {
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

std::string listed(const Lab& lab, const std::vector<std::string>& command) {
    Result<std::string> out = must_run_in(lab.at(Place::node), command);
    return out ? *out : "error: " + out.error().message();
}

void plant_foreign(const Lab& lab) {
    const auto planted = must_run_in(lab.at(Place::node), {"nft", "-f", "-"}, kForeign);
    EXPECT_TRUE(planted) << planted.error().message();
}

std::string list_foreign(const Lab& lab) {
    return listed(lab, {"nft", "list", "table", "ip", "foreign"}) +
           listed(lab, {"nft", "list", "table", "ip6", "kubelet"}) +
           listed(lab, {"nft", "-s", "list", "table", "inet", "filter"});
}

void remove_foreign(const Lab& lab) {
    for (const char* table : {"ip foreign", "ip6 kubelet", "inet filter"}) {
        (void)must_run_in(lab.at(Place::node), {"nft", std::string("delete table ") + table});
    }
}

}  // namespace sy::lab
