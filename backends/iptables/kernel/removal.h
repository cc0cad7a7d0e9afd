// Taking away what we wrote, and the one kernel setting that comes with it.
#pragma once

#include "backends/iptables/kernel/rules.h"
#include "backends/iptables/kernel/sets.h"
#include "base/log.h"

namespace sy::iptables {

IptablesVariant opposite(IptablesVariant variant);

/// Chains and jumps of ours in a variant that is not used. What cannot be read there is told and
/// left: the kernel may be without that variant.
Result<void> remove_from(IptablesVariant variant, Log& log);

/// Sets of ours, and of the sysctl what allow_localnet() did.
Result<void> remove_sets(Sets& sets);

/// Sets net.ipv4.conf.all.route_localnet. An empty set tells whoever cleans up, which may be
/// another process, that it was us.
Result<void> allow_localnet(Sets& sets);

}  // namespace sy::iptables
