#include "backends/iptables/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace sy::iptables {
namespace {

template <class... Parts>
std::string cat(const Parts&... parts) {
    std::string all;
    (all.append(std::string_view(parts)), ...);
    return all;
}

std::string endpoint_text(const EndpointAddr& endpoint) {
    const auto address = endpoint.ip.to_string();
    const auto port = std::to_string(endpoint.port.number());
    return endpoint.ip.family() == Family::ipv4 ? cat(address, ":", port)
                                                : cat("[", address, "]:", port);
}

std::string translate(const EndpointAddr& endpoint) {
    return cat("-j DNAT --to-destination ", endpoint_text(endpoint));
}

/// Each rule takes its share of what the rules before it left over; the last takes all.
std::vector<std::string> spread(std::string_view match,
                                const std::vector<EndpointAddr>& endpoints) {
    std::vector<std::string> rules;
    rules.reserve(endpoints.size());
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        rules.push_back(cat(match, one_in(endpoints.size() - i), translate(endpoints[i])));
    }
    return rules;
}

/// Who is remembered is refreshed (the target SET goes on) and translated; others are given an
/// endpoint that remembers them. A full set may refuse a client, so the last rule does not ask.
std::vector<std::string> remembering(Family family, const PortId& port, const EndpointList& list) {
    const auto protocol = cat("-p ", protocol_word(list.protocol), " ");
    std::vector<std::string> ask;
    std::vector<std::string> add;
    for (const auto& endpoint : list.endpoints) {
        const auto set =
            set_name({family, Role::affinity, affinity_key(port, endpoint, list.timeout)});
        ask.push_back(cat("-m set --match-set ", set, " src "));
        add.push_back(cat("-j SET --add-set ", set, " src --exist"));
    }
    std::vector<std::string> rules;
    const auto count = list.endpoints.size();
    for (std::size_t i = 0; i < count; ++i) {
        rules.push_back(ask[i] + add[i]);
        rules.push_back(cat(protocol, ask[i], translate(list.endpoints[i])));
    }
    for (std::size_t i = 0; i < count; ++i) {
        const bool is_last = i + 1 == count;
        rules.push_back(one_in(count - i) + add[i]);
        rules.push_back(cat(protocol, is_last ? "" : ask[i], translate(list.endpoints[i])));
    }
    return rules;
}

std::string match_of(const LineKey& key) {
    const auto protocol = protocol_word(key.protocol);
    auto match =
        cat("-p ", protocol, " -m ", protocol, " --dport ", std::to_string(key.port.number()), " ");
    if (is_port_tree(key.tree)) {
        return match;
    }
    return cat("-d ", key.address.to_string(), "/", std::to_string(key.address.bits()), " ", match);
}

/// Takes `word` and the space behind it off the front.
bool skip(std::string_view& text, std::string_view word) {
    if (!text.starts_with(word)) {
        return false;
    }
    text.remove_prefix(word.size());
    return true;
}

std::string_view take_word(std::string_view& text) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
}

}  // namespace

std::string_view protocol_word(Protocol protocol) {
    switch (protocol) {
        case Protocol::tcp:
            return "tcp";
        case Protocol::udp:
            return "udp";
        case Protocol::sctp:
            return "sctp";
    }
    return "";
}

std::string one_in(std::size_t count) {
    if (count <= 1) {
        return "";
    }
    constexpr uint64_t kWhole = uint64_t{1} << 31;
    constexpr int kDecimals = 11;
    const uint64_t units = (kWhole + count / 2) / count;
    const auto share = static_cast<double>(units) / static_cast<double>(kWhole);
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), share,
                                            std::chars_format::fixed, kDecimals);
    const std::string_view probability(text.data(), static_cast<std::size_t>(end - text.data()));
    return cat("-m statistic --mode random --probability ", probability, " ");
}

std::vector<std::string> rules_of(const ListChain& chain) {
    const auto* list = std::get_if<EndpointList>(&chain.content);
    if (list == nullptr) {
        return std::get<RawRules>(chain.content).rules;
    }
    return list->timeout != 0
               ? remembering(chain.family, chain.port, *list)
               : spread(cat("-p ", protocol_word(list->protocol), " "), list->endpoints);
}

std::vector<std::string> rules_of(const TreeLine& line) {
    if (const auto* list = std::get_if<ToList>(&line.target)) {
        return {cat(match_of(line.key), "-g ", list_chain_name(list->list, list->port))};
    }
    if (const auto* direct = std::get_if<ToEndpoints>(&line.target)) {
        return spread(match_of(line.key), direct->endpoints);
    }
    return std::get<RawRules>(line.target).rules;
}

std::size_t rule_count(const Target& target) {
    if (const auto* direct = std::get_if<ToEndpoints>(&target)) {
        return direct->endpoints.size();
    }
    const auto* raw = std::get_if<RawRules>(&target);
    return raw != nullptr ? raw->rules.size() : 1;
}

Chain chain_of(const ListChain& chain) {
    return {list_chain_name(chain.list, chain.port), rules_of(chain)};
}

std::optional<LineKey> line_key_of(Family family, TreeId tree, std::string_view rule) {
    LineKey key{family, tree, unspecified(family), Protocol::tcp, Port{}};
    if (!is_port_tree(tree)) {
        if (!skip(rule, "-d ")) {
            return std::nullopt;
        }
        const auto network = Cidr::parse(take_word(rule));
        if (!network || network->family() != family || network->prefix() != key.address.bits()) {
            return std::nullopt;
        }
        key.address = network->first();
    }
    for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
        const auto word = protocol_word(protocol);
        if (!skip(rule, cat("-p ", word, " -m ", word, " --dport "))) {
            continue;
        }
        const auto number = take_word(rule);
        uint16_t port = 0;
        const auto [end, error] =
            std::from_chars(number.data(), number.data() + number.size(), port);
        if (error != std::errc{} || end != number.data() + number.size()) {
            return std::nullopt;  // a range of ports
        }
        if (skip(rule, "-g ") && !is_list_chain(rule)) {
            return std::nullopt;  // the range of one port
        }
        key.protocol = protocol;
        key.port = Port(port);
        return key;
    }
    return std::nullopt;
}

uint64_t fingerprint(const Chain& chain) {
    std::string text = chain.name;
    for (const auto& rule : chain.rules) {
        text += '\n';
        text += rule;
    }
    return fingerprint(text);
}

}  // namespace sy::iptables
