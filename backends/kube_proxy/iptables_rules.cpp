#include "backends/kube_proxy/iptables_rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

namespace sy::kube_proxy {
namespace {

// KUBE-FIREWALL, KUBE-MARK-DROP and KUBE-KUBELET-CANARY are the kubelet's and not listed.
constexpr std::array<std::string_view, 13> kNames{"KUBE-SERVICES",
                                                  "KUBE-EXTERNAL-SERVICES",
                                                  "KUBE-NODEPORTS",
                                                  "KUBE-POSTROUTING",
                                                  "KUBE-MARK-MASQ",
                                                  "KUBE-FORWARD",
                                                  "KUBE-PROXY-CANARY",
                                                  "KUBE-PROXY-FIREWALL",
                                                  "KUBE-LOAD-BALANCER",
                                                  "KUBE-NODE-PORT",
                                                  "KUBE-IPVS-FILTER",
                                                  "KUBE-IPVS-OUT-FILTER",
                                                  "KUBE-SOURCE-RANGES-FIREWALL"};
constexpr std::array<std::string_view, 6> kPrefixes{"KUBE-SVC-", "KUBE-SVL-", "KUBE-SEP-",
                                                    "KUBE-FW-",  "KUBE-EXT-", "KUBE-XLB-"};

bool is_kube_proxys(std::string_view chain) {
    return std::find(kNames.begin(), kNames.end(), chain) != kNames.end() ||
           std::any_of(kPrefixes.begin(), kPrefixes.end(),
                       [&](std::string_view prefix) { return chain.starts_with(prefix); });
}

/// The words of a rule. Quotes keep a comment in one word, so that no text in it counts as a jump.
std::vector<std::string_view> words_of(std::string_view rule) {
    std::vector<std::string_view> words;
    std::size_t at = 0;
    while ((at = rule.find_first_not_of(' ', at)) != std::string_view::npos) {
        std::size_t end = at;
        bool quoted = false;
        for (; end < rule.size() && (quoted || rule[end] != ' '); ++end) {
            if (rule[end] == '\\') {
                ++end;
            } else if (rule[end] == '"') {
                quoted = !quoted;
            }
        }
        end = std::min(end, rule.size());
        words.push_back(rule.substr(at, end - at));
        at = end;
    }
    return words;
}

/// Where a rule jumps or goes to; empty: nowhere.
std::string_view target_of(const std::vector<std::string_view>& words) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (words[i] == "-j" || words[i] == "-g") {
            return words[i + 1];
        }
    }
    return {};
}

struct Rule {
    std::string_view chain;
    std::string_view target;
    /// What follows "-A ".
    std::string_view text;
};

struct Table {
    std::string_view name;
    std::set<std::string_view> builtin;
    std::set<std::string_view> doomed;
    std::vector<Rule> rules;
};

std::vector<Table> read_tables(std::string_view saved) {
    std::vector<Table> tables;
    while (!saved.empty()) {
        const auto end = std::min(saved.find('\n'), saved.size());
        const std::string_view line = saved.substr(0, end);
        saved.remove_prefix(std::min(end + 1, saved.size()));
        if (line.starts_with('*')) {
            tables.push_back({.name = line.substr(1), .builtin = {}, .doomed = {}, .rules = {}});
        } else if (tables.empty()) {
            continue;
        } else if (line.starts_with(':')) {
            const auto words = words_of(line.substr(1));
            if (words.size() > 1 && words[1] != "-") {
                tables.back().builtin.insert(words[0]);
            } else if (!words.empty() && is_kube_proxys(words[0])) {
                tables.back().doomed.insert(words[0]);
            }
        } else if (line.starts_with("-A ")) {
            const auto words = words_of(line.substr(3));
            if (!words.empty()) {
                tables.back().rules.push_back({words[0], target_of(words), line.substr(3)});
            }
        }
    }
    return tables;
}

/// A chain that stays keeps all it leads to.
void spare_what_others_use(Table& table) {
    for (bool again = true; again;) {
        again = false;
        for (const Rule& rule : table.rules) {
            const bool of_others =
                !table.builtin.contains(rule.chain) && !table.doomed.contains(rule.chain);
            again = (of_others && table.doomed.erase(rule.target) > 0) || again;
        }
    }
}

std::string removal(const Table& table) {
    std::string chains;
    std::string jumps;
    std::string deletions;
    for (const std::string_view chain : table.doomed) {
        // Naming a chain empties it.
        chains.append(":").append(chain).append(" - [0:0]\n");
        deletions.append("-X ").append(chain).append("\n");
    }
    for (const Rule& rule : table.rules) {
        if (table.builtin.contains(rule.chain) && table.doomed.contains(rule.target)) {
            jumps.append("-D ").append(rule.text).append("\n");
        }
    }
    return "*" + std::string(table.name) + "\n" + chains + jumps + deletions + "COMMIT\n";
}

}  // namespace

std::string removal_of_rules(std::string_view saved) {
    std::string script;
    for (Table& table : read_tables(saved)) {
        spare_what_others_use(table);
        if (!table.doomed.empty()) {
            script += removal(table);
        }
    }
    return script;
}

}  // namespace sy::kube_proxy
