// What tells one kind of table from another. Everything else here (text, netlink, fingerprints,
// differences) works for any.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backends/nftables/ast.h"

namespace sy::nft {

/// Something that a layout asks of the kernel, and what to call it when it is missing.
struct Need {
    std::variant<SetId, Hook, Statement> what;
    std::string feature;
};

/// A kind of table. The layouts are constants; two of one address are the same.
struct Layout {
    /// Of the table, in families ip and ip6.
    std::string_view table;
    /// In the order they are declared. All layouts have pod_cidrs, service_cidrs, nodeport_ips and
    /// classes.
    std::span<const SetId> sets;
    Table (*describe)(const TableConfig& config);
    /// The chain a class goes to, and the chain that sticky classes of one timeout share.
    Chain (*class_chain)(const ClassDef& def);
    Chain (*known_chain)(uint32_t timeout);
    /// Tried one by one: sets before the statements that use them.
    std::vector<Need> (*needs)(Family family);

    /// The set of that name.
    std::optional<SetId> set_named(std::string_view name) const;
};

}  // namespace sy::nft
