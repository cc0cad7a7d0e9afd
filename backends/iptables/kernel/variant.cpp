#include "backends/iptables/kernel/variant.h"

#include <cerrno>
#include <utility>

#include "backends/iptables/kernel/programs.h"

namespace sy::iptables {
namespace {

VariantFacts look_at(IptablesVariant variant) {
    VariantFacts facts;
    for (const Family family : kFamilies) {
        const auto programs = find_programs(variant, family);
        facts.installed = facts.installed || (programs && family == Family::ipv4);
        if (!programs || !may_have_rules(variant, family)) {
            continue;
        }
        if (const auto saved = save(*programs)) {
            facts.kubelet = facts.kubelet || saved->kubelet;
            facts.ours = facts.ours || saved->any_of_ours();
            facts.foreign_rules += saved->foreign_rules;
        }
    }
    return facts;
}

VariantChoice best(const HostFacts& facts) {
    const auto& legacy = facts.legacy;
    const auto& nft = facts.nft;
    if (legacy.installed != nft.installed) {
        return {nft.installed ? IptablesVariant::nft : IptablesVariant::legacy,
                "the programs of the other are not installed"};
    }
    if (nft.kubelet || legacy.kubelet) {
        return {nft.kubelet ? IptablesVariant::nft : IptablesVariant::legacy,
                "the kubelet's chains are there"};
    }
    if (nft.foreign_rules != legacy.foreign_rules) {
        const bool is_nft = nft.foreign_rules > legacy.foreign_rules;
        return {is_nft ? IptablesVariant::nft : IptablesVariant::legacy,
                "others have " + std::to_string(is_nft ? nft.foreign_rules : legacy.foreign_rules) +
                    " rules there, and " +
                    std::to_string(is_nft ? legacy.foreign_rules : nft.foreign_rules) +
                    " in the other"};
    }
    if (nft.ours != legacy.ours) {
        return {nft.ours ? IptablesVariant::nft : IptablesVariant::legacy,
                "our rules are there already"};
    }
    return {facts.usual.value_or(IptablesVariant::nft), "that is what iptables is here"};
}

}  // namespace

HostFacts look_at_host() {
    return {.legacy = look_at(IptablesVariant::legacy),
            .nft = look_at(IptablesVariant::nft),
            .usual = default_variant()};
}

Result<VariantChoice> choose_variant(IptablesVariant wanted, const HostFacts& facts) {
    if (!facts.legacy.installed && !facts.nft.installed) {
        return fail(
            "there are no programs iptables-restore and iptables-save; install the package "
            "iptables, or choose another mode",
            {}, ENOENT);
    }
    VariantChoice choice =
        wanted == IptablesVariant::detect ? best(facts) : VariantChoice{wanted, "it was asked for"};
    const auto& chosen = choice.variant == IptablesVariant::nft ? facts.nft : facts.legacy;
    if (!chosen.installed) {
        const std::string named = "iptables-" + std::string(to_string(choice.variant));
        return fail(
            "there is no such program; install the package iptables, or choose the other "
            "variant",
            named + "-restore", ENOENT);
    }
    return choice;
}

}  // namespace sy::iptables
