// Tries what the layout needs under names that are not ours, and takes it away again.
#pragma once

#include "backends/iptables/kernel/rules.h"
#include "backends/iptables/kernel/sets.h"

namespace sy::iptables {

/// Whether the kernel and the programs take the match `bpf`. Fails if nothing can be tried.
Result<bool> probe_bpf(Rules& rules);

/// Whether chains can be made in a family.
std::expected<void, CommitError> probe_family(Rules& rules, Family family);

/// The types of sets, matches and targets of the layout; the error names the first that is missing
/// and the mend.
Result<void> probe_features(Sets& sets, Rules& rules, FamilySet families);

}  // namespace sy::iptables
