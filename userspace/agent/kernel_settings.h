// Kernel settings of connection tracking (--conntrack-…).
#pragma once

#include <chrono>
#include <cstdint>

#include "base/log.h"
#include "os/sysctl.h"

namespace sy {

struct KernelSettings {
    /// Entries of the table per CPU, 0: leave the table's size alone; and at least in all.
    uint64_t max_per_core = 32768;
    uint64_t min = 131072;
    /// 0: leave alone.
    std::chrono::seconds tcp_established{86400};
    std::chrono::seconds tcp_close_wait{3600};
    std::chrono::seconds udp{0};
    std::chrono::seconds udp_stream{0};
    /// Set tcp_be_liberal; false leaves it alone.
    bool tcp_be_liberal = false;

    friend bool operator==(const KernelSettings&, const KernelSettings&) = default;
};

/// Writes what differs. The table is only ever raised, with its buckets to a quarter of it. What
/// cannot be written is told in one warning and is not fatal.
void apply_kernel_settings(const KernelSettings& settings, unsigned cores, const Sysctl& sysctl,
                           Log& log);

}  // namespace sy
