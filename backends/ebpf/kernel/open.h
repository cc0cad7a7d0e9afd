// The eBPF backend's door to the real kernel.
#pragma once

#include <memory>

#include "backends/backend.h"
#include "backends/ebpf/kernel.h"
#include "backends/settings.h"
#include "base/log.h"

namespace sy::ebpf {

/// The network namespace of the calling thread is the node's. Finds the cgroup2 hierarchy and makes
/// the folder for pins (mounting a bpffs at /sys/fs/bpf if that is where it shall be and there is
/// none). `log` must outlive the kernel.
Result<std::unique_ptr<Kernel>> open_kernel(const EbpfSettings& settings, Log& log);

/// Ends connected UDP sockets, of any network namespace, through the maps pinned in the folder.
std::unique_ptr<SocketPruner> make_socket_pruner(const EbpfSettings& settings, Log& log);

/// Reads names and counters of the maps pinned in the folder, whichever they are at the time.
std::unique_ptr<TrafficReader> make_traffic_reader(const EbpfSettings& settings);

}  // namespace sy::ebpf
