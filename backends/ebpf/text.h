// The maps as text for people.
#pragma once

#include <span>
#include <string>

#include "backends/backend.h"
#include "backends/ebpf/entry.h"
#include "backends/ebpf/pools.h"
#include "base/names.h"

namespace sy::ebpf {

/// A Service as it is in the maps.
struct Programmed {
    ServiceName service;
    Fragment fragment;
};

/// The content of all maps in the manner of a map dump: one line per element, key first, with the
/// Service it belongs to. Ends in a newline. Names come out printable.
std::string maps_text(std::span<const Programmed> services, const NodeFacts& facts,
                      const Pools& pools);

}  // namespace sy::ebpf
