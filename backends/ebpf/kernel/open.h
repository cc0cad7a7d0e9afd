// The eBPF backend's door to the real kernel.
#pragma once

#include <memory>

#include "backends/backend.h"
#include "backends/ebpf/kernel.h"
#include "backends/settings.h"
#include "base/log.h"

namespace sy::ebpf {

/// The network namespace of the calling thread is the node's. Touches nothing; probe() and create()
/// mount a bpf file system at /sys/fs/bpf if the folder of pins shall be there and none is. `log`
/// must outlive the kernel. In settings[0] the flags SY_SETTING_PEERNAME and SY_SETTING_SKIP and
/// the node's cookie belong to the kernel, which sets them in find(), create() and activate(); the
/// other flags to its user. What `skip_*` names and does not exist is looked for again at each of
/// these.
Result<std::unique_ptr<Kernel>> open_kernel(const EbpfSettings& settings, Log& log);

/// True if what is pinned in the folder is known to be of another network namespace than the
/// calling thread's: of a daemon that may be away for a moment only.
bool belongs_elsewhere(const EbpfSettings& settings);

/// Ends connected UDP sockets, of any network namespace, through the maps pinned in the folder.
std::unique_ptr<SocketPruner> make_socket_pruner(const EbpfSettings& settings, Log& log);

/// Reads names and counters of the maps pinned in the folder, whichever they are at the time.
std::unique_ptr<TrafficReader> make_traffic_reader(const EbpfSettings& settings);

}  // namespace sy::ebpf
