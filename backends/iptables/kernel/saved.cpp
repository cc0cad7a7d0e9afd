#include "backends/iptables/kernel/saved.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace sy::iptables {
namespace {

/// What stands before the first space; `rest` is left with what follows it.
std::string_view take_word(std::string_view& rest) {
    const auto end = std::min(rest.find(' '), rest.size());
    const auto word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

/// A chain of ours that a rule leads to always stands at its end, after "-j" or "-g".
bool leads_to_ours(std::string_view rule) {
    const auto at = rule.rfind(' ');
    const auto target = at == std::string_view::npos ? rule : rule.substr(at + 1);
    const auto before = at == std::string_view::npos ? std::string_view() : rule.substr(0, at);
    return target.starts_with(kChainPrefix) &&
           (before == "-j" || before == "-g" || before.ends_with(" -j") || before.ends_with(" -g"));
}

class Reader {
  public:
    void line(std::string_view line) {
        if (line.starts_with('*')) {
            begin_table(line.substr(1));
        } else if (line.starts_with(':')) {
            line.remove_prefix(1);
            const auto chain = take_word(line);
            declare(chain, take_word(line));
        } else if (line.starts_with("-A ")) {
            line.remove_prefix(3);
            const auto chain = take_word(line);
            rule(chain, line);
        }
    }

    Saved take() { return std::move(saved_); }

  private:
    void begin_table(std::string_view name) {
        table_.reset();
        mangle_ = name == "mangle";
        if (name == "nat" || name == "filter") {
            table_ = name == "nat" ? Table::nat : Table::filter;
        }
        places_.clear();
        builtin_.clear();
        passed_foreign_.clear();
    }

    std::vector<Chain>& chains() { return *table_ == Table::nat ? saved_.nat : saved_.filter; }

    void declare(std::string_view chain, std::string_view policy) {
        if (mangle_ && (chain == "KUBE-IPTABLES-HINT" || chain == "KUBE-KUBELET-CANARY")) {
            saved_.kubelet = true;
        }
        if (policy != "-") {
            builtin_.insert(chain);
        } else if (table_ && chain.starts_with(kChainPrefix)) {
            places_.emplace(chain, chains().size());
            chains().push_back({std::string(chain), {}});
        }
    }

    void rule(std::string_view chain, std::string_view rule) {
        if (const auto place = places_.find(chain); place != places_.end()) {
            chains()[place->second].rules.emplace_back(rule);
        } else if (table_ && builtin_.contains(chain) && leads_to_ours(rule)) {
            saved_.jumps.push_back(
                {*table_, std::string(chain), std::string(rule), !passed_foreign_.contains(chain)});
        } else {
            ++saved_.foreign_rules;
            passed_foreign_.insert(chain);
        }
    }

    Saved saved_;
    std::optional<Table> table_;
    bool mangle_ = false;
    std::map<std::string_view, std::size_t> places_;
    std::set<std::string_view> builtin_;
    std::set<std::string_view> passed_foreign_;
};

}  // namespace

Saved parse_saved(std::string_view text) {
    Reader reader;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        reader.line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return reader.take();
}

}  // namespace sy::iptables
