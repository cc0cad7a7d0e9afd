#include <algorithm>
#include <array>
#include <bit>

#include "backends/nftables/element_text.h"
#include "backends/nftables/layout.h"

namespace sy::nft {
namespace {

std::string address_family(Family family) {
    return family == Family::ipv4 ? "ip" : "ip6";
}

std::string term_text(const Term& term, Family family) {
    switch (term.load) {
        case Load::saddr:
            return address_family(family) + " saddr";
        case Load::daddr:
            return address_family(family) + " daddr";
        case Load::l4proto:
            return "meta l4proto";
        case Load::dport:
            return "th dport";
        case Load::priority:
            return term.argument == 0xffff'ffff ? "meta priority"
                                                : "meta priority & " + word_text(term.argument);
        case Load::mark:
            return term.argument == 0xffff'ffff ? "meta mark"
                                                : "meta mark & " + mark_text(term.argument);
        case Load::random:
            return "numgen random mod " + std::to_string(term.argument);
        case Load::original_daddr:
            return "ct original " + address_family(family) + " daddr";
        case Load::original_dport:
            return "ct original proto-dst";
    }
    return {};
}

std::string key_text(const Key& key, Family family) {
    std::string text;
    for (const auto& term : key) {
        text += text.empty() ? "" : " . ";
        text += term_text(term, family);
    }
    return text;
}

std::string set_text(SetId set) {
    return std::string("@").append(schema(set).name);
}

std::string value_text(const Value& value, Family family) {
    auto text = key_text(value.key, family);
    return value.map ? text + " map " + set_text(*value.map) : text;
}

// nft writes 90 seconds as 1m30s.
std::string duration_text(uint32_t seconds) {
    struct Unit {
        char name;
        uint32_t seconds;
    };
    constexpr std::array kUnits{Unit{'d', 86400}, Unit{'h', 3600}, Unit{'m', 60}, Unit{'s', 1}};
    std::string text;
    for (const auto& unit : kUnits) {
        if (seconds >= unit.seconds) {
            text += std::to_string(seconds / unit.seconds) + unit.name;
            seconds %= unit.seconds;
        }
    }
    return text;
}

// nft lists a mask of leading bits as a prefix.
std::string mark_bits_text(const HasBits& s) {
    const auto leading = std::countl_one(s.bits);
    const bool prefix = leading == std::popcount(s.bits);
    return (prefix ? "meta mark " : "meta mark & " + mark_text(s.bits) + " ") +
           (!s.equal ? "!= "
            : prefix ? ""
                     : "== ") +
           mark_text(s.equal.value_or(0)) + (prefix ? "/" + std::to_string(leading) : "");
}

// One overload for each kind of statement.
struct StatementText {
    Family family;

    std::string operator()(const HasBits& s) const {
        switch (s.of) {
            case HasBits::Of::priority:
                return "meta priority & " + word_text(s.bits) + " != none";
            case HasBits::Of::mark:
                return mark_bits_text(s);
            case HasBits::Of::ct_status:
                return "ct status dnat";
            case HasBits::Of::ct_state:
                return s.bits == kCtStateNew ? "ct state new" : "ct state invalid";
        }
        return {};
    }
    std::string operator()(const OriginalDirection&) const { return "ct direction original"; }
    std::string operator()(const NeitherSynNorRst&) const { return "tcp flags ! syn,rst"; }
    std::string operator()(const IsNodeAddress& s) const {
        return std::string(s.load == Load::saddr ? "fib saddr" : "fib daddr") + " type " +
               (s.negated ? "!= local" : "local");
    }
    std::string operator()(const PacketInterface& s) const {
        return std::string(s.output ? "oifname " : "iifname ")
            .append(s.negated ? "!= \"" : "\"")
            .append(s.name)
            .append(s.is_prefix ? "*\"" : "\"");
    }
    std::string operator()(const IsTransport&) const { return "meta l4proto { tcp, udp, sctp }"; }
    std::string operator()(const InSet& s) const {
        return key_text(s.key, family) + (s.negated ? " != " : " ") + set_text(s.set);
    }
    std::string operator()(const SetMeta& s) const {
        const bool mark = s.target == Load::mark;
        const std::string zero = mark ? mark_text(0) : word_text(0);
        return (mark ? "meta mark set " : "meta priority set ") +
               (s.value ? value_text(*s.value, family) : zero);
    }
    std::string operator()(const VerdictMap& s) const {
        return key_text(s.key, family) + " vmap " + set_text(s.map);
    }
    std::string operator()(const Translate& s) const {
        return "dnat " + address_family(family) + " to " + value_text(s.value, family);
    }
    std::string operator()(const MasqueradeSource&) const { return "masquerade fully-random"; }
    std::string operator()(const RejectPacket& s) const {
        return s.reset ? "reject with tcp reset" : "reject";
    }
    std::string operator()(const Remember& s) const {
        return std::string(s.forget ? "delete " : "update ") + set_text(s.map) + " { " +
               key_text(s.key, family) +
               (s.forget ? std::string() : " timeout " + duration_text(s.timeout)) + " : " +
               term_text(s.data, family) + " }";
    }
    std::string operator()(const Count&) const { return "counter packets 0 bytes 0"; }
    std::string operator()(const Verdict& s) const { return verdict_text(s); }
};

void append_comment(std::string& text, std::string_view comment) {
    if (!comment.empty()) {
        text.append("\t# ").append(comment).append("\n");
    }
}

void append_elements(std::string& text, const std::vector<std::string>& elements) {
    const char* before = "\t\telements = { ";
    for (const auto& element : elements) {
        text.append(before).append(element);
        before = ",\n\t\t\t     ";
    }
    text += elements.empty() ? "" : " }\n";
}

}  // namespace

std::string rule_text(const Rule& rule, Family family) {
    std::string text;
    for (const auto& statement : rule) {
        text += text.empty() ? "" : " ";
        text += std::visit(StatementText{family}, statement);
    }
    return text;
}

std::string verdict_text(const Verdict& verdict) {
    switch (verdict.kind) {
        case Verdict::Kind::accept:
            return "accept";
        case Verdict::Kind::drop:
            return "drop";
        case Verdict::Kind::leave:
            return "return";
        case Verdict::Kind::jump:
            return "jump " + verdict.chain;
        case Verdict::Kind::go_to:
            return "goto " + verdict.chain;
    }
    return {};
}

std::string hook_text(const Hook& hook) {
    return "type " + std::string(hook.type) + " hook " + std::string(hook.name) + " priority " +
           std::string(hook.priority_text) + "; policy accept;";
}

std::vector<std::string> declaration_lines(const SetDecl& set, Family family) {
    const auto& about = schema(set.id);
    std::vector<std::string> lines;
    if (about.by_type) {
        const std::string address = family == Family::ipv4 ? "ipv4_addr" : "ipv6_addr";
        lines.push_back("type " + (about.key.size() == 1             ? address
                                   : about.key[0].load == Load::mark ? "mark . " + address
                                                                     : "classid . " + address));
    } else {
        auto line = "typeof " + key_text(about.key, family);
        if (about.is_map()) {
            line += " : " + (about.verdicts ? "verdict" : key_text(about.data, family));
        }
        lines.push_back(std::move(line));
    }
    if (set.size != 0) {
        lines.push_back("size " + std::to_string(set.size));
    }
    if (about.interval) {
        lines.push_back("flags interval");
    } else if (about.dynamic) {
        lines.push_back("flags dynamic,timeout");
    }
    return lines;
}

std::string table_text(const TableConfig& config, const std::vector<Element>& elements) {
    const auto table = describe(config);
    std::array<std::vector<std::string>, kSetCount> texts;
    for (const auto& element : elements) {
        if (element.family() == config.family) {
            texts[static_cast<std::size_t>(element.set())].push_back(element_text(element));
        }
    }
    for (const auto& element : table.classes) {
        texts[static_cast<std::size_t>(SetId::classes)].push_back(
            word_text(element.number) + " : " + verdict_text(element.verdict));
    }

    std::string text =
        "table " + address_family(config.family) + " " + std::string(config.layout->table);
    text += " {\n";
    const char* gap = "";
    for (const auto& set : table.sets) {
        const auto& about = schema(set.id);
        text += std::exchange(gap, "\n");
        append_comment(text, about.comment);
        text.append(about.is_map() ? "\tmap " : "\tset ").append(about.name).append(" {\n");
        for (const auto& line : declaration_lines(set, config.family)) {
            text += "\t\t" + line + "\n";
        }
        append_elements(text, texts[static_cast<std::size_t>(set.id)]);
        text += "\t}\n";
    }
    for (const auto& chain : table.chains) {
        text += gap;
        append_comment(text, chain.comment);
        text += "\tchain " + chain.name + " {\n";
        if (chain.hook) {
            text += "\t\t" + hook_text(*chain.hook) + "\n";
        }
        for (const auto& rule : chain.rules) {
            text += "\t\t" + rule_text(rule, config.family) + "\n";
        }
        text += "\t}\n";
    }
    return text + "}\n";
}

}  // namespace sy::nft
