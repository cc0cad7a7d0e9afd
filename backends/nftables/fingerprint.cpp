#include "backends/nftables/fingerprint.h"

#include <algorithm>

#include "backends/nftables/kernel.h"

namespace sy::nft {
namespace {

// Raised when what a text means in the kernel changes although the text does not.
constexpr uint64_t kEncodingVersion = 1;

}  // namespace

uint64_t hash_text(std::string_view text, uint64_t hash) {
    for (const char c : text) {
        hash = (hash ^ static_cast<uint8_t>(c)) * 0x100'0000'01b3U;
    }
    // A terminator, so that ("a", "bc") and ("ab", "c") differ.
    return (hash ^ 0xffU) * 0x100'0000'01b3U;
}

uint64_t hash_number(uint64_t number, uint64_t hash) {
    for (int shift = 0; shift < 64; shift += 8) {
        hash = (hash ^ ((number >> shift) & 0xffU)) * 0x100'0000'01b3U;
    }
    return hash;
}

uint64_t rule_fingerprint(const Rule& rule, Family family) {
    return hash_text(rule_text(rule, family), hash_number(kEncodingVersion, kHashSeed));
}

uint64_t layout_fingerprint(const Layout& layout, Family family) {
    TableConfig config;
    config.layout = &layout;
    config.family = family;
    config.sizes = {};
    const auto table = describe(config);
    uint64_t hash = hash_number(kEncodingVersion, kHashSeed);
    for (const auto& set : table.sets) {
        hash = hash_text(schema(set.id).name, hash);
        for (const auto& line : declaration_lines(set, family)) {
            hash = hash_text(line, hash);
        }
    }
    for (const auto& chain : table.chains) {
        if (chain.hook) {
            hash = hash_text(hook_text(*chain.hook), hash_text(chain.name, hash));
        }
    }
    return hash;
}

uint64_t combined_fingerprint(std::vector<ChainPrint> chains, std::vector<ClassElement> classes) {
    std::ranges::sort(chains, {}, &ChainPrint::name);
    std::ranges::sort(classes, {}, &ClassElement::number);
    uint64_t hash = kHashSeed;
    for (const auto& chain : chains) {
        hash = hash_text(chain.hook, hash_text(chain.name, hash));
        for (const auto rule : chain.rules) {
            hash = hash_number(rule, hash);
        }
        hash = hash_number(chain.rules.size(), hash);
    }
    for (const auto& element : classes) {
        hash = hash_text(verdict_text(element.verdict), hash_number(element.number, hash));
    }
    return hash;
}

uint64_t rules_fingerprint(const TableConfig& config) {
    const auto table = describe(config);
    std::vector<ChainPrint> chains;
    for (const auto& chain : table.chains) {
        auto& print = chains.emplace_back(
            ChainPrint{chain.name, chain.hook ? hook_text(*chain.hook) : std::string(), {}});
        for (const auto& rule : chain.rules) {
            print.rules.push_back(rule_fingerprint(rule, table.family));
        }
    }
    return combined_fingerprint(std::move(chains), table.classes);
}

}  // namespace sy::nft
