// Statements as nftables expressions.
#pragma once

#include <cstdint>

#include "backends/nftables/ast.h"

struct nftnl_rule;

namespace sy::nft {

/// Appends the expressions of `rule`. An IsTransport statement refers to the anonymous set
/// `transports` of the batch.
void append_expressions(nftnl_rule* object, const Rule& rule, Family family, uint32_t transports);
/// Whether the rule has an IsTransport statement.
bool needs_transports(const Rule& rule);

}  // namespace sy::nft
