// The eight hooks of the cgroup hierarchy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "os/fd.h"

namespace sy::ebpf {

struct Hook {
    /// Of the pin.
    const char* name;
    /// enum bpf_attach_type
    uint32_t attach_type;
};
inline constexpr std::size_t kHookCount = 8;

/// In the order in which links are made: what shows a VIP comes before what translates it, and
/// connect is last.
const std::array<Hook, kHookCount>& hooks();

/// Loaded programs, in the order of hooks(). A program lives as long as a descriptor, a pin or a
/// link refers to it.
using Programs = std::array<Fd, kHookCount>;

/// A program of a hook that lets everything pass. The failure has errno only.
Result<Fd> load_bystander(uint32_t attach_type);
/// Whether a refused connect may say why: bpf_set_retval (Linux 5.18). Tried, not looked up.
bool can_set_retval();

}  // namespace sy::ebpf
