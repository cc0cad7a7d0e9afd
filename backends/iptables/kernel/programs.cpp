#include "backends/iptables/kernel/programs.h"

#include <cerrno>
#include <fstream>
#include <utility>

#include "backends/nftables/kernel/foreign_table.h"
#include "base/text.h"

namespace sy::iptables {
namespace {

// Seconds to wait for whoever holds the lock.
constexpr const char* kWaitForLock = "5";
// A hundred thousand Services are 45 MB of rules, and take the programs half a minute.
constexpr auto kTimeout = std::chrono::seconds(180);
constexpr std::size_t kOutputLimit = 1UL << 30U;

std::string command(Family family) {
    return family == Family::ipv4 ? "iptables" : "ip6tables";
}

/// Nothing: there is no such program.
std::optional<std::string> version_of(const std::string& program) {
    const auto result = run_program({.argv = {program, "--version"}});
    return result && result->status == 0 ? std::optional(result->out) : std::nullopt;
}

std::optional<IptablesVariant> variant_in(const std::optional<std::string>& version) {
    if (!version) {
        return std::nullopt;
    }
    // Before 1.8 there was but one.
    return version->find("nf_tables") != std::string::npos ? IptablesVariant::nft
                                                           : IptablesVariant::legacy;
}

}  // namespace

std::string_view to_string(IptablesVariant variant) {
    return variant == IptablesVariant::nft ? "nft" : "legacy";
}

Result<Programs> find_programs(IptablesVariant variant, Family family) {
    const std::string named = command(family) + "-" + std::string(to_string(variant));
    if (version_of(named + "-restore")) {
        return Programs{named + "-save", named + "-restore"};
    }
    const std::string plain = command(family);
    if (variant_in(version_of(plain + "-restore")) == variant) {
        return Programs{plain + "-save", plain + "-restore"};
    }
    return fail("there is no such program; install the package iptables", named + "-restore",
                ENOENT);
}

std::optional<IptablesVariant> default_variant() {
    return variant_in(version_of("iptables"));
}

bool may_have_rules(IptablesVariant variant, Family family) {
    if (variant == IptablesVariant::nft) {
        return nft::has_iptables_chains(family).value_or(true);
    }
    std::ifstream tables(family == Family::ipv4 ? "/proc/thread-self/net/ip_tables_names"
                                                : "/proc/thread-self/net/ip6_tables_names");
    std::string name;
    return static_cast<bool>(std::getline(tables, name));
}

Result<Saved> save(const Programs& programs) {
    const auto result =
        run_program({.argv = {programs.save}, .timeout = kTimeout, .output_limit = kOutputLimit});
    if (!result) {
        return std::unexpected(result.error());
    }
    if (result->status != 0) {
        return fail("status " + std::to_string(result->status) + ": " + printable(result->err),
                    programs.save);
    }
    return parse_saved(result->out);
}

Result<CommandResult> restore(const Programs& programs, std::string input) {
    return run_program({.argv = {programs.restore, "--noflush", "--wait", kWaitForLock},
                        .input = std::move(input),
                        .timeout = kTimeout,
                        .output_limit = kOutputLimit});
}

}  // namespace sy::iptables
