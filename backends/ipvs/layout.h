// The companion table of IPVS: what finds the mark of a new connection, what masquerades, and what
// refuses the rest (docs/ipvs.md).
#pragma once

#include "backends/nftables/layout.h"

namespace sy::ipvs {

/// Layout "marks". Its tables have a name of their own, so that a change of mode has the old table
/// until the new one is complete.
const nft::Layout& marks_layout();

}  // namespace sy::ipvs
