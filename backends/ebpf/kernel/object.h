// The BPF object of the hooks, as it was compiled into this program.
#pragma once

#include <cstdint>

#include "backends/ebpf/kernel/hook.h"
#include "backends/ebpf/kernel/schema.h"
#include "backends/ebpf/sizes.h"
#include "base/log.h"
#include "base/result.h"

namespace sy::ebpf {

/// A number for the code of this program's hooks.
uint64_t program_hash();

/// What its maps are.
Result<Schema> object_schema();

/// Makes the maps that `maps` lacks, in these sizes.
Result<void> make_maps(Maps& maps, const Sizes& sizes, Log& log);

/// Loads the programs onto these maps. Takes tens of milliseconds.
Result<Programs> load_programs(const Maps& maps, bool can_refuse, Log& log);

}  // namespace sy::ebpf
