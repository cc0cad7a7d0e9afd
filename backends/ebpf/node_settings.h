// Facts of the node in the words of the settings map.
#pragma once

#include <cstdint>

#include "backends/backend.h"
#include "bpf/abi.h"

namespace sy::ebpf {

/// The settings that follow from the node's facts.
inline constexpr uint32_t kFactFlags = SY_SETTING_HOST_ONLY | SY_SETTING_NO_DETECTOR4 |
                                       SY_SETTING_NO_DETECTOR6 | SY_SETTING_LOOPBACK4 |
                                       SY_SETTING_LOOPBACK6;

/// SY_SETTING_… out of kFactFlags.
uint32_t fact_flags(const NodeFacts& facts);

}  // namespace sy::ebpf
