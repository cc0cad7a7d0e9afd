// Giving up privileges that are not needed.
#pragma once

#include <span>

#include "base/result.h"

namespace sy {

/// Keeps of the capabilities of this process only `kept` (CAP_… numbers of linux/capability.h), as
/// far as it has them, for itself and, by ambient set, for nobody it starts. Also gives up gaining
/// any by starting another program. To be called before the first thread is started: capabilities
/// belong to threads.
Result<void> keep_only(std::span<const int> kept);

/// How readily the kernel ends this process when memory is short: -1000 (never) to 1000 (first).
/// Lowering it takes CAP_SYS_RESOURCE.
Result<void> set_oom_score_adj(int score);

}  // namespace sy
