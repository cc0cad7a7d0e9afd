// Elements as netlink messages.
#pragma once

#include <span>
#include <vector>

#include "backends/nftables/ast.h"
#include "backends/nftables/kernel.h"
#include "backends/nftables/kernel/batch.h"

namespace sy::nft {

/// Appends messages that add (or remove) all of `ops`, grouped by set.
void write_elements(Batch& batch, std::span<const ElementOp> ops, bool remove);
/// About how many bytes that takes.
std::size_t encoded_size(std::span<const ElementOp> ops);
/// Appends a message that adds (or removes) elements of `classes`; none for none.
void write_classes(Batch& batch, Family family, std::span<const ClassElement> classes, bool remove);
/// Appends a message that empties the set.
void write_flush(Batch& batch, Family family, SetId set);
/// Appends the elements { tcp, udp, sctp } of the anonymous set `id` of this batch.
void write_transports(Batch& batch, Family family, uint32_t id);

}  // namespace sy::nft
