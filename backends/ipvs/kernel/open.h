// The real kernel, opened with surroundings that tests and benchmarks choose.
#pragma once

#include <memory>
#include <string>

#include "backends/ipvs/kernel.h"
#include "backends/ipvs/kernel/traffic.h"

namespace sy::ipvs {

struct Surroundings {
    std::string sysctl_root = "/proc/sys";
    /// Where old values of settings are kept.
    std::string run_folder = "/run/switchyard";
    /// Counted into if given; must outlive the kernel.
    Traffic* traffic = nullptr;
};

Result<std::unique_ptr<Kernel>> open_kernel(const IpvsSettings& settings, Log& log,
                                            const Surroundings& surroundings);

}  // namespace sy::ipvs
