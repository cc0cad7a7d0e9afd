// The programs of iptables, started without a shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backends/iptables/kernel/saved.h"
#include "backends/settings.h"
#include "base/result.h"
#include "os/subprocess.h"

namespace sy::iptables {

/// What reads and what writes the rules of one family in one variant.
struct Programs {
    std::string save;
    std::string restore;
};

/// "legacy" or "nft".
std::string_view to_string(IptablesVariant variant);

/// Those named after the variant, or the ones without its name where these are of the variant.
/// ENOENT, with the mend: there are none.
Result<Programs> find_programs(IptablesVariant variant, Family family);

/// What `iptables --version` says.
std::optional<IptablesVariant> default_variant();

/// Whether the kernel may have rules of the variant in this network namespace: where it has none,
/// to ask the programs for them would load modules (legacy) or leave empty tables behind (nft).
bool may_have_rules(IptablesVariant variant, Family family);

/// All tables of the family in the network namespace of the calling thread.
Result<Saved> save(const Programs& programs);

/// Runs the restore program with --noflush. Waits a few seconds for the lock of xtables.
Result<CommandResult> restore(const Programs& programs, std::string input);

}  // namespace sy::iptables
