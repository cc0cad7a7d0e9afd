// What BPF iterators tell, read to its end.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

union bpf_iter_link_info;

namespace sy::ebpf {

/// Runs an iterator program once, on `target` (null: on what it iterates over without one), and
/// returns all that it wrote. Iterators over sockets look at the network namespace of the calling
/// thread.
Result<std::vector<uint8_t>> run_iterator(int program, bpf_iter_link_info* target = nullptr);

}  // namespace sy::ebpf
