// The kernel settings that the IPVS layout rests on.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "backends/ipvs/kernel/saved_values.h"
#include "backends/ipvs/kernel/servers.h"
#include "backends/settings.h"
#include "os/sysctl.h"

namespace sy::ipvs {

/// A setting below /proc/sys and what it has to be.
struct WantedSysctl {
    std::string_view name;
    uint64_t value = 0;
    /// Only where the kernel has it (IPv6 can be off).
    bool if_there = false;
};
std::vector<WantedSysctl> wanted_sysctls(const IpvsSettings& settings);

/// What the timeouts have to be: those the user gave. Where the user gives none for TCP, at least
/// as long as conntrack's, because conntrack cannot translate what IPVS has forgotten: an idle
/// connection would be reset after IPVS's 15 minutes. `conntrack_tcp`: 0 if not known. 0: leave.
Timeouts wanted_timeouts(const IpvsSettings& settings, const Timeouts& now, uint64_t conntrack_tcp);

/// Changes settings, and brings back what was before, also in another process.
class HostSettings {
  public:
    HostSettings(Sysctl sysctl, SavedValues saved)
        : sysctl_(std::move(sysctl)), saved_(std::move(saved)) {}

    /// Writes what differs. What an earlier process changed and is wanted no more is restored.
    Result<void> apply(const IpvsSettings& settings, Servers& servers) const;
    /// Restores all. `servers`: null if the kernel has no IPVS (any more).
    Result<void> restore(Servers* servers) const;

  private:
    Result<void> apply_sysctl(const WantedSysctl& wanted) const;
    Result<void> apply_timeouts(const IpvsSettings& settings, Servers& servers) const;
    Result<void> restore_sysctl(std::string_view name) const;
    Result<void> restore_timeouts(Servers* servers) const;

    Sysctl sysctl_;
    SavedValues saved_;
};

}  // namespace sy::ipvs
