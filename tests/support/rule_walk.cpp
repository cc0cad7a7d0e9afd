#include "tests/support/rule_walk.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace sy::iptables {
namespace {

bool address_matches(const IpAddr& address, const std::string& operand) {
    const auto slash = operand.find('/');
    const auto value = IpAddr::parse(operand.substr(0, slash)).value();
    const auto mask = operand.substr(slash + 1);
    const bool is_prefix = mask.find_first_of(".:") == std::string::npos;
    const auto mask_bytes = is_prefix ? std::vector<uint8_t>{} : [&] {
        const auto ip = IpAddr::parse(mask).value();
        return std::vector<uint8_t>(ip.bytes().begin(), ip.bytes().end());
    }();
    if (is_prefix) {
        return Cidr::parse(operand).value().contains(address);
    }
    for (std::size_t i = 0; i < mask_bytes.size(); ++i) {
        if ((address.bytes()[i] & mask_bytes[i]) != value.bytes()[i]) {
            return false;
        }
    }
    return true;
}

bool port_matches(Port port, const std::string& operand) {
    const auto colon = operand.find(':');
    const auto low = std::stoi(operand.substr(0, colon));
    const auto high = colon == std::string::npos ? low : std::stoi(operand.substr(colon + 1));
    return low <= port.number() && port.number() <= high;
}

std::string word_of(Protocol protocol) {
    std::string word(to_string(protocol));
    std::ranges::transform(word, word.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
}

struct Outcome {
    bool matches = true;
    bool always = true;
    std::string target;
    std::string end;
};

Outcome read(const std::string& rule, const WalkedPacket& packet) {
    Outcome outcome;
    std::istringstream words(rule);
    std::string word;
    std::string operand;
    while (words >> word) {
        if (word == "-d") {
            words >> operand;
            outcome.matches &= address_matches(packet.destination, operand);
        } else if (word == "-p") {
            words >> operand;
            outcome.matches &= operand == word_of(packet.protocol);
        } else if (word == "--dport") {
            words >> operand;
            outcome.matches &= port_matches(packet.port, operand);
        } else if (word == "statistic" || word == "--match-set") {
            outcome.always = false;
        } else if (word == "-g" || word == "-j") {
            words >> outcome.target;
        } else if (word == "--to-destination") {
            words >> outcome.end;
        }
    }
    return outcome;
}

}  // namespace

Walk walk(const RulesOf& rules_of, const std::string& start, const WalkedPacket& packet) {
    Walk walk;
    std::string chain = start;
    while (true) {
        const auto* rules = rules_of(chain);
        if (rules == nullptr) {
            walk.ends.insert(chain);
            return walk;
        }
        ++walk.chains;
        std::string next;
        for (const auto& rule : *rules) {
            ++walk.rules;
            const auto outcome = read(rule, packet);
            if (!outcome.matches || outcome.target == "SET") {
                continue;
            }
            if (outcome.target == "DNAT") {
                walk.ends.insert(outcome.end);
            } else {
                next = outcome.target;
            }
            if (outcome.always) {
                break;
            }
        }
        if (next.empty()) {
            return walk;
        }
        chain = next;
    }
}

}  // namespace sy::iptables
