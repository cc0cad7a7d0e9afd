// The hooks' links as a whole.
#pragma once

#include "backends/ebpf/kernel/cgroup.h"
#include "backends/ebpf/kernel/hook.h"
#include "backends/ebpf/kernel/map_set.h"
#include "backends/ebpf/kernel/pins.h"
#include "base/result.h"

namespace sy::ebpf {

/// True if every hook's link is pinned, attached to this cgroup and runs a program on maps of this
/// set. Whose program that is, the set's layout tells.
Result<bool> is_attached(const Pins& pins, const Cgroup& cgroup, const PinnedSet& set);

/// Makes every hook run these programs in this cgroup: gives the pinned link the new program if it
/// is attached there, else makes a new one in its place. In the order of hooks(). Links of other
/// hooks are removed last. May be repeated after a failure.
Result<void> attach(const Pins& pins, const Cgroup& cgroup, const Programs& programs);

/// Detaches and unpins all links, connect first. True if there were any.
Result<bool> detach(const Pins& pins);

}  // namespace sy::ebpf
